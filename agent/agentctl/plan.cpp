// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include "agentctl/verbs.hpp"
#include "agentctl/wish_pages.hpp"
#include "base/words.hpp"

namespace ebb {
namespace {

template <std::size_t N>
CLI::Option* add_word(CLI::App& verb, const std::string& name, const std::string& help,
                      const std::array<std::string_view, N>& words) {
  auto* option = verb.add_option(name)->description(help);
  option->check(CLI::IsMember(std::vector<std::string>(words.begin(), words.end())))->type_name("");
  return option;
}

}  // namespace

void add_plan(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("plan", "What would be written to the machine; nothing is");
  auto* state = add_word(*verb, "--state", "In this power state, not in the one of now", power_state_words);
  auto* mode = add_word(*verb, "--mode", "In this traffic mode, not in the one of now", traffic_mode_words);
  auto* as_json = verb->add_flag("--json")->description("Print the agent's answer as JSON");
  verb->callback([=, &context] {
    auto asked = nlohmann::json::object();
    if (state->count()) asked["state"] = state->as<std::string>();
    if (mode->count()) asked["mode"] = mode->as<std::string>();
    context.result =
        show_reply(context.socket, "io.ebb.Agent.Plan", asked, as_json->count() > 0, render_plan);
  });
}

}  // namespace ebb

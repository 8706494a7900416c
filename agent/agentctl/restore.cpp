// SPDX-License-Identifier: GPL-2.0-or-later
// restore: by the agent if one runs, else by the same code here.
#include <cerrno>
#include <cstdio>
#include <vector>

#include <CLI/CLI.hpp>

#include "agentctl/text.hpp"
#include "agentctl/verbs.hpp"
#include "agentd/rescue.hpp"

namespace ebb {
namespace {

// One line per setting; an error when one could not be given back.
Status print_knobs(const std::vector<KnobReport>& knobs) {
  std::size_t left_over = 0;
  for (const auto& knob : knobs) {
    std::printf("%-14s %s%s\n", sanitised(knob.status).c_str(), sanitised(knob.id).c_str(),
                knob.reason.empty() ? "" : (": " + sanitised(knob.reason)).c_str());
    const bool settled = knob.status == "restored" || knob.status == "foreign" || knob.status == "gone";
    left_over += settled ? 0 : 1;
  }
  if (left_over == 0) return {};
  return fail(
      std::to_string(left_over) + " of " + std::to_string(knobs.size()) + " settings could not be restored",
      "run agentctl restore again as root; the journal still holds the originals");
}

std::vector<KnobReport> knobs_of(const nlohmann::json& reply) {
  std::vector<KnobReport> knobs;
  const auto list = reply.find("knobs");
  if (list == reply.end() || !list->is_array()) return knobs;
  const auto text = [](const nlohmann::json& knob, const char* key) {
    const auto found = knob.find(key);
    return found != knob.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  for (const auto& knob : *list) {
    if (!knob.is_object()) continue;
    knobs.emplace_back();
    knobs.back().id = text(knob, "id");
    knobs.back().status = text(knob, "status");
    knobs.back().reason = text(knob, "reason");
  }
  return knobs;
}

// A killed agent still accepts connections until the kernel has closed its socket. One that lives holds its
// lock.
bool has_gone(const Error& error) {
  return error.exit_code == exit_no_agent || error.number == ECONNRESET || error.number == EPIPE;
}

Status restore(const std::string& socket, RescueScope scope) {
  const auto reply = varlink_call(socket, "io.ebb.Agent.Restore");
  if (reply) {
    const auto knobs = knobs_of(*reply);
    const auto result = print_knobs(knobs);
    std::puts(knobs.empty() ? "nothing to restore; the agent observes" : "the agent observes");
    return result;
  }
  if (!has_gone(reply.error())) return tl::unexpected(reply.error());

  const auto rescue = rescue_machine(scope);
  if (!rescue) return tl::unexpected(rescue.error());
  if (rescue->knobs.empty() && rescue->removed.empty()) std::puts("nothing to restore");
  for (const auto& words : rescue->removed) std::puts(sanitised(words).c_str());
  return print_knobs(rescue->knobs);
}

}  // namespace

void add_restore(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("restore", "Give every changed setting its original back");
  auto* knobs = verb->add_flag("--knobs")->description(
      "Without an agent: only the settings; the programs stay attached, inert, for the next start");
  verb->callback([&context, knobs] {
    context.result =
        restore(context.socket, knobs->count() > 0 ? RescueScope::knobs : RescueScope::everything);
  });
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include "agentctl/page.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {

void add_status(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("status", "What the agent senses, decides and does");
  auto* as_json = verb->add_flag("--json")->description("Print the agent's answer as JSON");
  verb->callback([&context, as_json] {
    context.result = show_reply(context.socket, "io.ebb.Agent.Status", nlohmann::json::object(),
                                as_json->count() > 0, render_status);
  });
}

}  // namespace ebb

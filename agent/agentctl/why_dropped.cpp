// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include "agentctl/packet_pages.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {

void add_why_dropped(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("why-dropped", "The last packets that were dropped, or would have been");
  auto* as_json = verb->add_flag("--json")->description("Print the agent's answer as JSON");
  verb->callback([&context, as_json] {
    context.result = show_reply(context.socket, "io.ebb.Agent.WhyDropped", nlohmann::json::object(),
                                as_json->count() > 0, render_drops);
  });
}

}  // namespace ebb

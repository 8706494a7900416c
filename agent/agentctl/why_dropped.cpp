// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdio>

#include <CLI/CLI.hpp>

#include "agentctl/packet_pages.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {
namespace {

Status why_dropped(const std::string& socket, bool as_json) {
  const auto reply = varlink_call(socket, "io.ebb.Agent.WhyDropped");
  if (!reply) return tl::unexpected(reply.error());
  const std::string out = as_json ? page::json_text(*reply) : render_drops(*reply, terminal_style());
  std::fwrite(out.data(), 1, out.size(), stdout);
  return {};
}

}  // namespace

void add_why_dropped(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("why-dropped", "The last packets that were dropped, or would have been");
  auto* as_json = verb->add_flag("--json")->description("Print the agent's answer as JSON");
  verb->callback([&context, as_json] { context.result = why_dropped(context.socket, as_json->count() > 0); });
}

}  // namespace ebb

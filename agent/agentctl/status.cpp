// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdio>

#include <CLI/CLI.hpp>

#include "agentctl/page.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {
namespace {

Status show(const std::string& socket, bool as_json) {
  const auto status = varlink_call(socket, "io.ebb.Agent.Status");
  if (!status) return tl::unexpected(status.error());
  const std::string out = as_json ? page::json_text(*status) : render_status(*status, terminal_style());
  std::fwrite(out.data(), 1, out.size(), stdout);
  return {};
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("status", "What the agent senses, decides and does");
  auto* as_json = verb->add_flag("--json")->description("Print the agent's answer as JSON");
  verb->callback([&context, as_json] { context.result = show(context.socket, as_json->count() > 0); });
}

}  // namespace ebb

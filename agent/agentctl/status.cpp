// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <CLI/CLI.hpp>

#include "agentctl/page.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {
namespace {

// https://no-color.org: any value that is not empty.
bool wants_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term && std::string_view(term) != "dumb";
}

Status show(const std::string& socket, bool as_json) {
  const auto status = varlink_call(socket, "io.ebb.Agent.Status");
  if (!status) return tl::unexpected(status.error());
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string out = as_json
                              ? status->dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n'
                              : render_status(*status, {.colour = wants_colour(), .now = now});
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

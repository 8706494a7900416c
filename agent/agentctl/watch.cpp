// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdio>

#include <CLI/CLI.hpp>

#include "agentctl/verbs.hpp"
#include "agentctl/wish_pages.hpp"

namespace ebb {
namespace {

// Each change at once, also into a pipe. False: nobody reads any more.
bool print(const nlohmann::json& reply, bool as_json) {
  std::string out;
  if (!as_json)
    out = render_changes(reply, terminal_style());
  else if (const auto& list = page::member(reply, "changes"); list.is_array())
    for (const auto& one : list)
      out += one.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
}

Status watch(const std::string& socket, bool as_json) {
  using namespace std::chrono_literals;
  auto connection = VarlinkConnection::open(socket, 5s);
  if (!connection) return tl::unexpected(connection.error());
  auto reply = connection->call("io.ebb.Agent.Watch", nlohmann::json::object(), 5s, true);
  while (reply && print(*reply, as_json)) reply = connection->next(std::nullopt);
  if (!reply) return tl::unexpected(reply.error());
  return {};
}

}  // namespace

void add_watch(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("watch", "One line for each change, until interrupted");
  auto* as_json = verb->add_flag("--json")->description("Print each change as one line of JSON");
  verb->callback([&context, as_json] { context.result = watch(context.socket, as_json->count() > 0); });
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// reload and confirm.
#include <cstdio>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "agentctl/sheet.hpp"
#include "agentctl/verbs.hpp"
#include "config/units.hpp"

namespace ebb {
namespace {

using nlohmann::json;

// Whole seconds; 0: not understood.
std::int64_t whole_seconds(const std::string& text) {
  const auto time = conf::parse_duration(text);
  if (!time || *time > std::chrono::hours(24)) return 0;
  return std::chrono::floor<std::chrono::seconds>(*time).count();
}

Status reload(const std::string& socket, const std::string& confirm) {
  json asked = json::object();
  if (!confirm.empty()) {
    const auto seconds = whole_seconds(confirm);
    if (seconds < 1)
      return fail("'" + confirm + "' is not a time from 1s to 24h", "such as 60s or 5m", exit_usage);
    asked["confirm_seconds"] = seconds;
  }
  const auto reply = varlink_call(socket, "io.ebb.Agent.Reload", asked);
  if (!reply) return tl::unexpected(reply.error());
  const auto& configuration = page::member(*reply, "configuration");
  const auto& files = page::member(configuration, "files");
  std::string names;
  if (files.is_array())
    for (const auto& file : files) names.append(names.empty() ? "" : ", ").append(page::text(file));
  std::printf("reloaded: %s\n", page::or_dash(names).c_str());
  if (!confirm.empty())
    std::printf("unconfirmed: the configuration before it comes back at %s unless you run agentctl confirm\n",
                page::or_dash(page::text(configuration, "until")).c_str());
  return {};
}

Status confirm(const std::string& socket) {
  const auto reply = varlink_call(socket, "io.ebb.Agent.Confirm");
  if (!reply) return tl::unexpected(reply.error());
  std::puts("confirmed: the running configuration stays");
  return {};
}

}  // namespace

void add_reload(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("reload", "Read the configuration files again");
  auto* time =
      verb->add_option("--confirm", "Roll back after this time unless agentctl confirm is run, such as 60s")
          ->type_name("TIME");
  verb->callback([&context, time] {
    context.result = reload(context.socket, time->count() > 0 ? time->as<std::string>() : "");
  });
}

void add_confirm(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("confirm", "Keep the configuration of reload --confirm");
  verb->callback([&context] { context.result = confirm(context.socket); });
}

}  // namespace ebb

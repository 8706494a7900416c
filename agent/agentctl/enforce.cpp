// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdio>

#include <CLI/CLI.hpp>

#include "agentctl/verbs.hpp"

namespace ebb {
namespace {

Status enforce(const std::string& socket, bool on) {
  const auto reply =
      varlink_call(socket, "io.ebb.Agent.SetEnforcement", {{"enforcement", on ? "enforce" : "observe"}});
  if (!reply) return tl::unexpected(reply.error());
  std::puts(on ? "enforce: verdicts are carried out"
               : "observe: nothing is touched, verdicts are only counted");
  return {};
}

}  // namespace

void add_enforce(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("enforce", "Carry verdicts out (on), or only count them (off)");
  auto* wanted = verb->add_option("on|off", "What the agent shall do")->required();
  wanted->check(CLI::IsMember({"on", "off"}))->type_name("");
  verb->callback(
      [&context, wanted] { context.result = enforce(context.socket, wanted->as<std::string>() == "on"); });
}

}  // namespace ebb

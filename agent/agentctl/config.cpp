// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "agentctl/verbs.hpp"
#include "config/config.hpp"
#include "dataplane/policy.hpp"

namespace ebb {
namespace {

std::string plural(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// What the agent would accept at its start, the size of the compiled policy included.
Status check(const std::string& path) {
  const auto config = load_config(path);
  if (!config) return tl::unexpected(config.error());
  const auto bank = std::make_unique<ebb_bank>();
  if (auto compiled = compile_policy(*config, assign_slots(*config, *bank), {}, *bank); !compiled)
    return compiled;
  std::size_t rules = 0;
  for (const auto& each : config->classes) rules += each.match.size();
  std::printf("ok: %s, %s, %s\n", plural(config->interfaces.size(), "interface", "interfaces").c_str(),
              plural(config->classes.size(), "class", "classes").c_str(),
              plural(rules, "rule", "rules").c_str());
  return {};
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("config", "Work on the configuration");
  group->require_subcommand(1);
  auto* verb = group->add_subcommand("check", "Validate a configuration; touches nothing");
  auto* file = verb->add_option("FILE", "The configuration")->default_str(default_config_path);
  verb->callback([&context, file] {
    context.result = check(file->count() > 0 ? file->as<std::string>() : default_config_path);
  });
}

}  // namespace ebb

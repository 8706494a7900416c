// SPDX-License-Identifier: GPL-2.0-or-later
// agentd: the command line of the agent.
#include <unistd.h>

#include <iostream>

#include <CLI/CLI.hpp>

#include "agentd/command_line.hpp"
#include "agentd/daemon.hpp"
#include "agentd/policy_host.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "sense/replay.hpp"

namespace {

int fail_with(const ebb::Error& error) {
  ebb::log_error(error);
  return error.exit_code;
}

// `--check`: what a start would say about the configuration, without touching the system.
int check(const std::string& path) {
  auto config = ebb::load_config(path);
  if (!config) return fail_with(config.error());
  if (auto compiled = ebb::try_policy(*config); !compiled) return fail_with(compiled.error());
  std::cout << path << ": ok: " << config->interfaces.size() << " interfaces, " << config->classes.size()
            << " classes\n";
  return ebb::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
  ebb::log_to_stderr("agentd");
  ebb::keep_heap_small();
  CLI::App app{"Ebb: the power-aware networking agent", "agentd"};
  ebb::DaemonOptions options;
  bool check_only = false;
  app.add_option("--config", options.config_path, "configuration file")->capture_default_str();
  app.add_option("--root", options.root, "read the sensors below this folder (a recorded tree)");
  auto* speed =
      app.add_option("--speed", options.speed, "replay a record below --root so many times as fast");
  speed->check(CLI::Range(1, 10000));
  app.add_flag("--check", check_only, "validate the configuration and stop; touches nothing");
  app.set_version_flag("--version", "ebb " EBB_VERSION);
  if (const auto code = ebb::parse_command_line(app, argc, argv, fail_with)) return *code;
  if (speed->count() && !ebb::is_record(options.root))
    return fail_with({"--speed without a record", "--root DIR of agentctl record DIR", ebb::exit_usage});
  if (check_only) return check(options.config_path);
  if (geteuid() != 0)
    return fail_with({"agentd needs root", "sudo agentd, or let systemd start it; --check works without", 1});
  ebb::Daemon daemon(std::move(options));
  const auto done = daemon.run();
  return done ? ebb::exit_done : fail_with(done.error());
}

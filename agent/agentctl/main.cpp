// SPDX-License-Identifier: GPL-2.0-or-later
// agentctl: shows and steers the Ebb agent.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "agentctl/verbs.hpp"

namespace {

int report(const ebb::Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "agentctl: %s\n", error.what.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  return error.exit_code;
}

int run(int argc, char** argv) {
  CLI::App app("Shows and steers the Ebb agent.", "agentctl");
  ebb::Context context;
  app.add_option("--socket", context.socket, "The agent's socket")->capture_default_str();
  app.set_version_flag("--version", "agentctl " EBB_VERSION);
  app.require_subcommand(0, 1);  // none is reported below: CLI11 would not name a misspelt one
  app.fallthrough();
  for (const auto add : {ebb::add_status, ebb::add_enforce, ebb::add_restore, ebb::add_config})
    add(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return report({error.what(), "agentctl --help", ebb::exit_usage});
  }
  if (app.get_subcommands().empty()) return report({"no verb was given", "agentctl --help", ebb::exit_usage});
  if (!context.result) return report(context.result.error());
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    return report({"cannot write the output", "", ebb::exit_failed});
  return ebb::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return report({std::string("BUG: ") + error.what(), "please report it", ebb::exit_failed});
  }
}

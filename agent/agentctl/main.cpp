// SPDX-License-Identifier: GPL-2.0-or-later
// agentctl: shows and steers the Ebb agent.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "agentctl/text.hpp"
#include "agentctl/verbs.hpp"
#include "agentd/command_line.hpp"

namespace {

int report(const ebb::Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "agentctl: %s\n", ebb::sanitised(error.what).c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", ebb::sanitised(error.hint).c_str());
  return error.exit_code;
}

int run(int argc, char** argv) {
  CLI::App app("Shows and steers the Ebb agent.", "agentctl");
  ebb::Context context;
  app.add_option("--socket", context.socket, "The agent's socket")->capture_default_str();
  app.set_version_flag("--version", "agentctl " EBB_VERSION);
  app.require_subcommand(0, 1);  // none is reported below: CLI11 would not name a misspelt one
  app.fallthrough();
  for (const auto add :
       {ebb::add_status, ebb::add_watch, ebb::add_explain, ebb::add_why_dropped, ebb::add_plan, ebb::add_hold,
        ebb::add_holds, ebb::add_release, ebb::add_enforce, ebb::add_reload, ebb::add_confirm,
        ebb::add_config, ebb::add_restore, ebb::add_doctor, ebb::add_record, ebb::add_replay})
    add(app, context);
  if (const auto code = ebb::parse_command_line(app, argc, argv, report)) return *code;
  if (app.get_subcommands().empty()) return report({"no verb was given", "agentctl --help", ebb::exit_usage});
  if (!context.result) return report(context.result.error());
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    return report({"cannot write the output", "", ebb::exit_failed});
  return context.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return report({std::string("BUG: ") + error.what(), "please report it", ebb::exit_failed});
  }
}

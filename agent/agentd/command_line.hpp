// SPDX-License-Identifier: GPL-2.0-or-later
// What agentd and agentctl do alike with their arguments.
#pragma once

#include <optional>

#include <CLI/CLI.hpp>

#include "base/result.hpp"

namespace ebb {

// The exit code of a program that is done: after --help or --version, or with wrong usage, which `report`
// tells.
template <typename Report>
std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv, Report report) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return report(Error{error.what(), app.get_name() + " --help", exit_usage});
  }
  return std::nullopt;
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// Logs to stderr (the journal's input under systemd). ERROR is the user's problem and a HINT follows it; BUG
// is ours.
#pragma once

#include <spdlog/spdlog.h>

#include "base/result.hpp"

namespace ebb {

void log_to_stderr(const std::string& program);
void log_error(const Error& error);    // ERROR what, then HINT hint
void log_warning(const Error& error);  // WARNING what, then HINT hint
void log_bug(const std::string& what);

}  // namespace ebb

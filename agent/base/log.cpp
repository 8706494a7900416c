// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.hpp"

#include <unistd.h>

#include <spdlog/sinks/stdout_color_sinks.h>

namespace ebb {
namespace {

// Under systemd the journal adds the time itself.
const char* pattern() { return getenv("JOURNAL_STREAM") ? "%^%l%$ %v" : "%H:%M:%S %n %^%l%$ %v"; }

void log(spdlog::level::level_enum level, const Error& error) {
  spdlog::log(level, "{}", error.what);
  if (!error.hint.empty()) spdlog::info("HINT {}", error.hint);
}

}  // namespace

void log_to_stderr(const std::string& program) {
  auto logger = spdlog::stderr_color_mt(program);
  logger->set_pattern(pattern());
  spdlog::set_default_logger(std::move(logger));
}

void log_error(const Error& error) { log(spdlog::level::err, error); }
void log_warning(const Error& error) { log(spdlog::level::warn, error); }
void log_bug(const std::string& what) { spdlog::critical("BUG {} (please report it)", what); }

}  // namespace ebb

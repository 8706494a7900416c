// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `agentctl status`.
#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

namespace ebb {

struct PageStyle {
  std::size_t width = 80;  // columns, at least 60; no line is longer
  bool colour = false;     // ECMA-48 colours; without it the page has no control character but newlines
  std::chrono::sys_seconds now{};
};

// `status` is the reply of io.ebb.Agent.Status; what is missing or null in it is left out or shown as "-".
std::string render_status(const nlohmann::json& status, const PageStyle& style);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `agentctl status`.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "agentctl/sheet.hpp"

namespace ebb {

// `status` is the reply of io.ebb.Agent.Status; what is missing or null in it is left out or shown as "-".
std::string render_status(const nlohmann::json& status, const PageStyle& style);

}  // namespace ebb

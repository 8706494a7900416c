// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `agentctl explain` without a packet: why the power state is what it is.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "agentctl/sheet.hpp"

namespace ebb {

// A reply of io.ebb.Agent.ExplainState; what is missing or null in it is shown as unknown.
std::string render_outlook(const nlohmann::json& reply, const PageStyle& style);

}  // namespace ebb

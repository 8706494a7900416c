// SPDX-License-Identifier: GPL-2.0-or-later
// The pages of `agentctl explain` and `agentctl why-dropped`.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "agentctl/sheet.hpp"

namespace ebb {

// Replies of io.ebb.Agent.Explain and WhyDropped; what is missing or null in them is shown as unknown.
std::string render_explain(const nlohmann::json& reply, const PageStyle& style);
std::string render_drops(const nlohmann::json& reply, const PageStyle& style);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The pages of `agentctl holds`, `plan` and `watch`.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "agentctl/sheet.hpp"

namespace ebb {

// Replies of io.ebb.Agent.ListHolds and Plan; what is missing in them is shown as "-".
std::string render_holds(const nlohmann::json& reply, const PageStyle& style);
std::string render_plan(const nlohmann::json& reply, const PageStyle& style);

// One line for each Change of a reply of io.ebb.Agent.Watch.
std::string render_changes(const nlohmann::json& reply, const PageStyle& style);

// The path of a knob without what every one has: "wan0/gro_flush_timeout", "policy0/scaling_max_freq".
std::string short_knob(std::string id);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The JSON of io.ebb.Agent.ExplainState.
#pragma once

#include <chrono>

#include <nlohmann/json.hpp>

#include "decide/outlook.hpp"

namespace ebb {

// `since`: when the state began.
nlohmann::json outlook_json(const StateMemory& memory, const Outlook& outlook,
                            std::chrono::system_clock::time_point since);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `agentctl doctor`.
#pragma once

#include <string>
#include <vector>

#include "agentctl/sheet.hpp"
#include "doctor/probe.hpp"

namespace ebb {

// `judged` is judge() of the findings.
std::string render_doctor(const std::vector<doctor::Finding>& findings, const Status& judged,
                          const PageStyle& style);

// An array of {id, status, reason, remedy}.
nlohmann::json doctor_json(const std::vector<doctor::Finding>& findings);

}  // namespace ebb

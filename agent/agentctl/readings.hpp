// SPDX-License-Identifier: GPL-2.0-or-later
// The few readings of the machine that a person looks for; `status --json` has all of them.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ebb {

struct ReadingRow {
  std::string label;
  std::vector<std::string> facts;
  bool quiet = false;  // not worth a glance
};

// `sensors` of io.ebb.Agent.Status. Rows: frequency, one per policy (the first few), load, heat, power, and
// the names of what is unknown.
std::vector<ReadingRow> reading_rows(const nlohmann::json& sensors);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// What `agentctl watch` tells: the difference between what was so and what is so.
#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace ebb {

struct Fact {
  std::string value, why;
};

// "state", "mode", "enforcement", "hold h1", "interface eth0" -> what it is.
using Facts = std::map<std::string, Fact>;

// One Change of the varlink interface for each value that differs, at `time` (RFC 3339). A change of the
// reason alone is none.
nlohmann::json changes(const Facts& before, const Facts& after, const std::string& time);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// io.ebb.Agent.WhyDropped: the last packets that were dropped, or in observe would have been.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "abi.h"
#include "config/config.hpp"

namespace ebb {

// As Maps::read_drops() gives them, newest first. `live`: the time (at its last beat), the generation and the
// names of the classes; the rules of `config` are those of that generation.
nlohmann::json drops_json(const std::vector<ebb_drop>& drops, const ebb_live& live, const Config& config);

}  // namespace ebb

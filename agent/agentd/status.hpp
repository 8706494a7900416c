// SPDX-License-Identifier: GPL-2.0-or-later
// The JSON of io.ebb.Agent.Status (DESIGN 4.5).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "act/apply.hpp"
#include "act/masks.hpp"
#include "agentd/interfaces.hpp"
#include "config/config.hpp"
#include "decide/concurrency.hpp"
#include "decide/state.hpp"
#include "sense/sample.hpp"

namespace ebb {

struct StatusInput {
  const Config& config;
  Enforcement enforcement;
  const StateMemory& memory;
  std::chrono::system_clock::time_point since;
  TrafficMode mode;
  OwnLimits limits;
  const Concurrency& concurrency;
  nlohmann::json configuration;  // files, state, until
  const std::vector<Interface>& interfaces;
  const MaskChoice& cpus;
  const Sample& sample;
  const std::vector<std::uint8_t>& slots;
  const Counters& counters;
  const std::vector<KnobReport>& knobs;
  nlohmann::json services;  // status, reason
  std::uint64_t wakeups;
};

nlohmann::json sensors_json(const Sample& sample, const OwnLimits& limits = {});
nlohmann::json status_json(const StatusInput& input);
std::string rfc3339(std::chrono::system_clock::time_point time);
nlohmann::json knobs_json(const std::vector<KnobReport>& knobs);

}  // namespace ebb

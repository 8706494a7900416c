// SPDX-License-Identifier: GPL-2.0-or-later
// sense -> decide: the last sample of the machine, and what follows from it.
#pragma once

#include <chrono>
#include <vector>

#include "agentd/policy_host.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"
#include "decide/state.hpp"
#include "sense/sensors.hpp"

namespace ebb {

struct Decision {
  Sample sample;
  StateMemory memory;
  TrafficMode mode = TrafficMode::quiet;
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();  // of the state
  Counters counted;                                                                // at the last sample

  PowerState state() const { return memory.state; }

  // Reads the sensors and the counters, and decides anew; a change of the state is logged.
  void renew(const Config& config, Sensors& sensors, std::chrono::milliseconds now, const Maps& maps,
             const PolicyHost& policy);
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// sense -> decide: the last sample of the machine, and what follows from it.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "agentd/policy_host.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"
#include "decide/concurrency.hpp"
#include "decide/mode.hpp"
#include "decide/plan.hpp"
#include "decide/state.hpp"
#include "sense/sensors.hpp"

namespace ebb {

struct Decision {
  Sample sample;
  StateMemory memory;
  OwnLimits limits;
  std::vector<Hold> holds;  // also those that have ended
  ModeMemory traffic;
  std::vector<GovernorWish> wishes;  // of the classes that are active
  Concurrency concurrency;
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();  // of the state
  Counters counted;                         // what the mode was last decided by
  std::chrono::milliseconds counted_at{0};  // CLOCK_BOOTTIME
  std::chrono::milliseconds recommended_at{0};
  std::optional<std::chrono::milliseconds> recorded;  // of a replay: where the sample stands in the record

  PowerState state() const { return memory.state; }
  TrafficMode mode() const { return traffic.mode; }
  StateInput input(std::chrono::milliseconds now) const {
    return {.sample = sample, .limits = limits, .hold = strongest(holds, now), .now = now};
  }

  // Reads the sensors and the counters, and decides anew; a change of the state is logged.
  void renew(const Config& config, Sensors& sensors, std::chrono::milliseconds now, const Maps& maps,
             const PolicyHost& policy);
  // Decides the state anew by the last sample: a hold came or went.
  void judge(const Config& config, std::chrono::milliseconds now);
  // The data plane has seen urgent packets of these slots. True: the mode is another one now.
  bool urgent(const Config& config, const std::vector<std::uint8_t>& slots,
              const std::vector<std::uint8_t>& seen, std::chrono::milliseconds now);

 private:
  void renew_mode(const Config& config, const Maps& maps, const PolicyHost& policy,
                  std::chrono::milliseconds now);
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// sense -> decide: the last sample of the machine, and what follows from it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agentd/policy_host.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"
#include "decide/hold.hpp"
#include "decide/plan.hpp"
#include "decide/state.hpp"
#include "sense/sample.hpp"

namespace ebb {

struct Decision {
  Sample sample;
  StateMemory memory;
  TrafficMode mode = TrafficMode::quiet;
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();  // of the state
  Counters counted;                                                                // at the last sample
  std::vector<GovernorWish> wishes;  // of the classes that carried packets since the sample before

  PowerState state() const { return memory.state; }

  // Reads the sensors below `root` and the counters, and decides anew; a change of the state is logged.
  void renew(const Config& config, const std::string& root, const Maps& maps, const PolicyHost& policy,
             const Hold* hold);
  // The data plane has seen an urgent packet of the classes in `seen`. True: the mode is another one now.
  bool urgent(const Config& config, const std::vector<std::uint8_t>& slots,
              const std::vector<std::uint8_t>& seen);
  // Decides the state anew by the last sample: a hold came or went.
  void judge(const Config& config, const Hold* hold);

 private:
  StateMemory sensed_;  // without the hold
};

}  // namespace ebb

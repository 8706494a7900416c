// SPDX-License-Identifier: GPL-2.0-or-later
// io.ebb.Agent.Explain: what happens to a packet, and why. The verdict is that of the packet programs' own
// code (dataplane/judge.hpp) on the policy in force.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "agentd/interfaces.hpp"
#include "agentd/policy_host.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"

namespace ebb {

// What the answer depends on.
struct Scene {
  const ebb_live& live;
  const Config& config;
  Enforcement enforcement;
  PowerState state;
  const PolicyHost& policy;
  const std::vector<Interface>& interfaces;
};

// `question`: interface, and one of packet, flow, tuple. Errors with exit code 2: the question makes no
// sense.
Result<nlohmann::json> explain(const Scene& scene, const nlohmann::json& question);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The agent: sense -> decide -> act, once per interval and once per event.
//
// Order of a start: lock, maps, guardian, what an earlier agent left, policy, hooks, socket. From the
// guardian on, whatever happens to this process is undone by somebody. Order of a stop: inert, knobs, hooks,
// pins, guardian.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "act/apply.hpp"
#include "act/guardian.hpp"
#include "agentd/interfaces.hpp"
#include "agentd/policy_host.hpp"
#include "api/varlink_server.hpp"
#include "base/loop.hpp"
#include "config/config.hpp"
#include "dataplane/beat.hpp"
#include "decide/state.hpp"

namespace ebb {

struct DaemonOptions {
  std::string config_path = default_config_path;
  std::string root;  // of the sensors; "" is the machine's own
};

class Daemon {
 public:
  explicit Daemon(DaemonOptions options) : options_(std::move(options)) {}

  // Runs until SIGTERM or SIGINT. On an error nothing is left changed.
  Status run();

 private:
  DaemonOptions options_;
  Config config_;
  Enforcement enforcement_ = Enforcement::observe;
  Fd lock_, signals_, links_, timer_, watchdog_;
  std::optional<Maps> maps_;
  std::optional<Beat> beat_;
  std::optional<Guardian> guardian_;
  std::optional<Journal> journal_;
  std::optional<PolicyHost> policy_;
  std::optional<Interfaces> interfaces_;
  std::optional<Loop> loop_;
  std::unique_ptr<VarlinkServer> server_;

  Sample sample_;
  StateMemory memory_;
  TrafficMode mode_ = TrafficMode::quiet;
  std::chrono::system_clock::time_point since_;
  Counters sampled_;  // counters at the last sample
  std::vector<KnobReport> knobs_;

  Status failed_;  // why the loop was left, if not by a signal

  Status catch_signals();
  Status start();
  Status serve();
  void stop();
  Status start_guardian();
  Status watch_guardian();
  Status watch();
  void tick();           // one interval: beat, sense, decide, act
  void look_at_links();  // interfaces and forwarding
  void act();            // makes the machine match the state
  void decide_traffic();
  void reload();
  Status arm_timer();

  void set_enforcement(Enforcement enforcement);
  VarlinkInterface interface();
  VarlinkReply status();
};

}  // namespace ebb

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
#include <vector>

#include <nlohmann/json.hpp>

#include "act/apply.hpp"
#include "act/guardian.hpp"
#include "agentd/clock.hpp"
#include "agentd/concurrency_file.hpp"
#include "agentd/decision.hpp"
#include "agentd/holds.hpp"
#include "agentd/interfaces.hpp"
#include "agentd/plan.hpp"
#include "agentd/policy_host.hpp"
#include "agentd/surroundings.hpp"
#include "agentd/trial.hpp"
#include "agentd/watch.hpp"
#include "api/varlink_server.hpp"
#include "base/loop.hpp"
#include "config/config.hpp"
#include "dataplane/beat.hpp"
#include "dataplane/events.hpp"
#include "dataplane/frequencies.hpp"
#include "sense/events.hpp"

namespace ebb {

struct DaemonOptions {
  std::string config_path = default_config_path;
  std::string root;    // of the sensors; "" is the machine's own
  unsigned speed = 1;  // of a record below `root`: so many times as fast as it was
};

class Daemon {
 public:
  explicit Daemon(DaemonOptions options) : options_(std::move(options)) {}

  // Runs until SIGTERM or SIGINT. On an error nothing is left changed.
  Status run();

  // What clients ask for (methods.cpp).
  nlohmann::json status() const;
  Result<nlohmann::json> explain(const nlohmann::json& question) const;
  Result<nlohmann::json> explain_state() const;
  Result<nlohmann::json> why_dropped();
  nlohmann::json configuration() const;  // where it came from, and whether it is confirmed
  Config running() const;                // with the enforcement in force
  const std::vector<KnobReport>& knobs() const { return knobs_; }
  void set_enforcement(Enforcement enforcement);
  // The new configuration or, with an error, the old one. `confirm`: rolled back after this time.
  Status reload(std::optional<std::chrono::seconds> confirm);
  Status confirm();

  // What people and programs wish (wishes.cpp). A hold acts at once.
  Result<nlohmann::json> hold(PowerState state, std::chrono::seconds time, const std::string& reason,
                              const Peer& peer, bool while_connected);
  Result<nlohmann::json> release(const std::optional<std::string>& id);  // nothing: every one
  nlohmann::json holds() const;
  // What would be written in this state and mode; nothing: those of now. Nothing is written.
  nlohmann::json plan(std::optional<PowerState> state, std::optional<TrafficMode> mode) const;
  nlohmann::json watched() const;  // what a watcher learns first
  void connection_closed(std::uint64_t connection);

 private:
  DaemonOptions options_;
  Config config_;
  std::vector<std::string> files_;  // that config_ was read from
  Enforcement enforcement_ = Enforcement::observe;
  Fd lock_, signals_, timer_, watchdog_;
  std::optional<Maps> maps_;
  std::optional<Beat> beat_;
  std::optional<UrgentEvents> urgent_;
  std::optional<Guardian> guardian_;
  std::optional<Journal> journal_;
  std::optional<Trial> trial_;
  std::optional<Holds> holds_;
  std::optional<PolicyHost> policy_;
  std::optional<Interfaces> interfaces_;
  std::optional<Loop> loop_;
  std::optional<Surroundings> surroundings_;
  std::optional<Sensors> sensors_;
  std::optional<Frequencies> frequencies_;
  std::unique_ptr<Events> events_;
  Clock clock_;
  std::unique_ptr<VarlinkServer> server_;
  Decision decision_;
  ConcurrencyFile concurrency_;
  std::vector<KnobReport> knobs_;
  Facts told_;     // what watchers know
  Status failed_;  // why the loop was left, if not by a signal

  Status catch_signals();
  Status choose_configuration();
  Status start();
  Status start_dataplane();
  Status open_sensors();
  Status watch();
  void stop();
  Status start_guardian();
  Status watch_guardian();
  Status arm_timer();
  void follow_devices();
  void follow_frequencies();
  void tell_end_of_record();
  void follow_routes();
  Status follow_urgent();

  void tick();                                                  // one interval: beat, sense, decide, act
  void look_at_links();                                         // interfaces and forwarding
  void act();                                                   // makes the machine match the state
  Settings settings(PowerState state, TrafficMode mode) const;  // what `enforce` wants
  Status follow_holds();
  void judge_holds();  // one came or went
  Facts facts() const;
  void announce();  // what changed, to those who watch
  Status beat();
  Status publish();
  std::vector<std::string> present() const;  // names of the interfaces that are there
  Status apply(const Config& config);
  void roll_back();
  void give_up(Status why);
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon tells its clients.
#include "agentd/daemon.hpp"
#include "agentd/drops.hpp"
#include "agentd/explain.hpp"
#include "agentd/outlook.hpp"
#include "agentd/status.hpp"

namespace ebb {

std::vector<std::string> Daemon::present() const {
  std::vector<std::string> names;
  for (const auto& one : interfaces_->all())
    if (one.ifindex != 0) names.push_back(one.name);
  return names;
}

Config Daemon::running() const {
  Config config = config_;
  config.enforcement = enforcement_;
  return config;
}

nlohmann::json Daemon::configuration() const {
  const auto phase = trial_->phase();
  const bool trial = phase == Trial::Phase::unconfirmed;
  return {{"files", files_},
          {"state", trial                                ? "unconfirmed"
                    : phase == Trial::Phase::rolled_back ? "rolled_back"
                                                         : "confirmed"},
          {"until", trial ? nlohmann::json(rfc3339(trial_->until())) : nlohmann::json(nullptr)}};
}

nlohmann::json Daemon::status() const {
  return status_json({.config = config_,
                      .enforcement = enforcement_,
                      .memory = decision_.memory,
                      .since = decision_.since,
                      .mode = decision_.mode(),
                      .limits = decision_.limits,
                      .concurrency = decision_.concurrency,
                      .configuration = configuration(),
                      .interfaces = interfaces_->all(),
                      .cpus = policy_->masks()[static_cast<std::size_t>(decision_.state())],
                      .sample = decision_.sample,
                      .slots = policy_->slots(),
                      .counters = maps_->read_counters(),
                      .knobs = knobs_,
                      .services = {{"status", policy_->services()}, {"reason", policy_->identity_off()}},
                      .wakeups = loop_->wakeups()});
}

Result<nlohmann::json> Daemon::explain(const nlohmann::json& question) const {
  return ebb::explain({.live = maps_->live(),
                       .config = config_,
                       .enforcement = enforcement_,
                       .state = decision_.state(),
                       .policy = *policy_,
                       .interfaces = interfaces_->all()},
                      question);
}

Result<nlohmann::json> Daemon::explain_state() const {
  const StateInput now = decision_.input(decision_.sample.at);
  return outlook_json(decision_.memory, outlook(config_.states, decision_.memory, now), decision_.since);
}

// A beat first: it tells what time it is in jiffies.
Result<nlohmann::json> Daemon::why_dropped() {
  if (auto beaten = beat(); !beaten) return tl::unexpected(beaten.error());
  const auto drops = maps_->read_drops();
  if (!drops) return tl::unexpected(drops.error());
  return nlohmann::json{{"drops", drops_json(*drops, maps_->live(), config_)}};
}

}  // namespace ebb

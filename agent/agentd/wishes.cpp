// SPDX-License-Identifier: GPL-2.0-or-later
// What people and programs wish of the daemon: holds, a look at the plan, news.
#include <sys/epoll.h>

#include <algorithm>

#include "agentd/clock.hpp"
#include "agentd/daemon.hpp"
#include "agentd/paths.hpp"
#include "agentd/status.hpp"
#include "base/file.hpp"
#include "base/log.hpp"

namespace ebb {
namespace {

using nlohmann::json;

json hold_json(const Hold& hold, bool bound, std::chrono::milliseconds now) {
  const auto left = std::max(hold.until - now, std::chrono::milliseconds(0));
  return {{"id", hold.id},
          {"state", word(hold.state)},
          {"reason", hold.reason},
          {"who", hold.who},
          {"until", rfc3339(std::chrono::system_clock::now() + left)},
          {"seconds_left", std::chrono::ceil<std::chrono::seconds>(left).count()},
          {"while_connected", bound}};
}

void log_end(const std::vector<Hold>& holds, const char* why) {
  for (const auto& hold : holds)
    spdlog::info("hold {} ({}, {}) {}", hold.id, word(hold.state), hold.reason, why);
}

}  // namespace

Status Daemon::follow_holds() {
  std::optional<Error> warning;
  auto opened = Holds::open(holds_path, warning);
  if (!opened) return tl::unexpected(opened.error());
  if (warning) log_warning(*warning);
  holds_ = std::move(*opened);
  decision_.holds = holds_->all();
  return loop_->add(holds_->timer(), EPOLLIN, [this](std::uint32_t) {
    holds_->acknowledge();
    log_end(holds_->release_expired(boot_time()), "is over");
    judge_holds();
  });
}

void Daemon::judge_holds() {
  decision_.holds = holds_->all();
  decision_.judge(config_, clock_.now());
  act();
}

Result<json> Daemon::hold(PowerState state, std::chrono::seconds time, const std::string& reason,
                          const Peer& peer, bool while_connected) {
  const std::string program = read_file("/proc/" + std::to_string(peer.pid) + "/comm").value_or("unknown");
  const std::string who = program + ", pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid);
  auto added =
      holds_->add(state, time, reason, who, while_connected ? std::optional(peer.connection) : std::nullopt);
  if (!added) return tl::unexpected(added.error());
  if (while_connected) server_->keep(peer.connection);
  spdlog::info("hold {}: {} for at most {} s: {} ({})", added->id, word(state), time.count(), reason, who);
  judge_holds();
  return hold_json(*added, while_connected, boot_time());
}

Result<json> Daemon::release(const std::optional<std::string>& id) {
  std::vector<Hold> gone;
  if (id) {
    auto released = holds_->release(*id);
    if (!released) return tl::unexpected(released.error());
    gone = {std::move(*released)};
  } else {
    gone = holds_->release_all();
  }
  log_end(gone, "is released");
  judge_holds();
  json list = json::array();
  for (const auto& hold : gone) list.push_back(hold.id);
  return json{{"released", list}};
}

void Daemon::connection_closed(std::uint64_t connection) {
  const auto gone = holds_->release_connection(connection);
  if (gone.empty()) return;
  log_end(gone, "ends with its client");
  judge_holds();
}

json Daemon::holds() const {
  const auto now = boot_time();
  const Hold* first = strongest(holds_->all(), now);
  json list = json::array();
  for (const auto& hold : holds_->all()) {
    auto one = hold_json(hold, holds_->bound(hold), now);
    one["strongest"] = &hold == first;
    list.push_back(std::move(one));
  }
  return {{"holds", list}};
}

Settings Daemon::settings(PowerState state, TrafficMode mode) const {
  const auto plan = plan_for(state, mode, config_.plan, decision_.sample.policies, decision_.wishes);
  auto wanted = plan_knobs(plan, interfaces_->all());
  if (policy_->steers(state))
    wanted.merge(steering_knobs(interfaces_->all(), policy_->masks()[static_cast<std::size_t>(state)].mask));
  return wanted;
}

json Daemon::plan(std::optional<PowerState> state, std::optional<TrafficMode> mode) const {
  const auto s = state.value_or(decision_.state());
  const auto m = mode.value_or(decision_.mode());
  return {{"state", word(s)},
          {"mode", word(m)},
          {"enforcement", word(enforcement_)},
          {"settings", preview(settings(s, m))}};
}

Facts Daemon::facts() const {
  Facts facts;
  facts["state"] = {std::string(word(decision_.state())), because(decision_.memory)};
  facts["mode"] = {std::string(word(decision_.mode())), ""};
  facts["enforcement"] = {std::string(word(enforcement_)), ""};
  for (const auto& hold : holds_->all())
    facts["hold " + hold.id] = {std::string(word(hold.state)), hold.reason};
  for (const auto& one : interfaces_->all())
    facts["interface " + one.name] = {one.ifindex ? std::string(word(one.attachment.hook)) : "absent",
                                      one.attachment.reason};
  return facts;
}

json Daemon::watched() const {
  return {{"changes", changes({}, facts(), rfc3339(std::chrono::system_clock::now()))}};
}

void Daemon::announce() {
  auto now = facts();
  const json list = changes(told_, now, rfc3339(std::chrono::system_clock::now()));
  told_ = std::move(now);
  if (server_ && !list.empty()) server_->publish("Watch", {{"changes", list}});
}

}  // namespace ebb

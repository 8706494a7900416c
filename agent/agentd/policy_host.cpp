// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/policy_host.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace ebb {
namespace {

constexpr std::uint16_t mdns_port = 5353;

PolicyFacts facts_of(const Listening& listening) {
  return {.mdns_listener = listening.mdns, .ssh_ports = {listening.ssh.begin(), listening.ssh.end()}};
}

}  // namespace

Listening read_listening(SshPorts& ssh) { return {.ssh = ssh.read(), .mdns = udp_port_open(mdns_port)}; }

Status try_policy(const Config& config) {
  const auto bank = std::make_unique<ebb_bank>();
  SshPorts ssh;
  return compile_policy(config, assign_slots(config, *bank), {}, facts_of(read_listening(ssh)), *bank);
}

Status PolicyHost::publish(const Config& config, const std::vector<std::string>& interfaces,
                           const std::string& root) {
  std::array<MaskChoice, 4> masks;
  std::array<CpuMask, 4> cpus;
  std::array<bool, 4> steers{};
  CpuMask queues;
  for (std::size_t state = 0; state < masks.size(); ++state) {
    masks[state] = choose_cpus(config.states[state].cpus, root, interfaces);
    cpus[state] = masks[state].mask;
    steers[state] = std::any_of(config.classes.begin(), config.classes.end(),
                                [state](const TrafficClass& one) { return one.treat[state].steer; });
    if (steers[state])
      for (const unsigned cpu : cpus[state].cpus()) queues.set(cpu);
  }
  const auto listening = listening_now();
  auto slots = assign_slots(config, maps_.bank());
  const auto bank = std::make_unique<ebb_bank>();  // 371 KiB: too large for the stack
  if (auto compiled = compile_policy(config, slots, cpus, facts_of(listening), *bank); !compiled)
    return compiled;
  const bool sockets = names_owner(config) || names_listener(config);
  if (sockets) follow_sockets();
  if (identity_) identity_->fill(config, *bank);

  auto queued = maps_.set_steering_cpus(queues);
  if (!queued) log_warning(queued.error());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const char* owner = maps_.bank().class_name[slots[i]];
    if (owner[0] && config.classes[i].name != owner) maps_.clear_class(slots[i]);
  }
  if (auto published = maps_.publish(*bank); !published) return published;
  masks_ = std::move(masks);
  steers_ = steers;
  slots_ = std::move(slots);
  listening_ = listening;
  asks_sockets_ = sockets;
  can_steer_ = queued.has_value() && !queues.empty();
  if (!sockets) {
    identity_.reset();
    identity_off_ = "no rule names a service, a cgroup or a listener";
  } else if (identity_) {
    identity_->set_policy(config);
  }
  return {};
}

// A port that sshd was found at stays protected when the next look finds nothing at all: then it is more
// likely that the look failed than that nobody can log in any more.
Listening PolicyHost::listening_now() {
  auto now = read_listening(ssh_);
  if (now.ssh.empty()) now.ssh = listening_.ssh;
  return now;
}

// The programs at the sockets cost every bind and connect something: they are there only while a rule asks.
void PolicyHost::follow_sockets() {
  if (identity_) return;
  auto opened = Identity::open(loop_, maps_);
  if (opened) {
    identity_ = std::move(*opened);
    identity_off_.clear();
    return;
  }
  if (identity_off_ != opened.error().what)
    log_warning({"no service is known: " + opened.error().what, opened.error().hint});
  identity_off_ = opened.error().what;
}

void PolicyHost::tick() {
  if (identity_) identity_->tick();
}

}  // namespace ebb

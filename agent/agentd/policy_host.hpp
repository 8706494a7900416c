// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the published policy equal to the configuration, to the CPU masks of the power states, and to the
// sockets of this machine that make a port protected.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "act/masks.hpp"
#include "base/loop.hpp"
#include "config/config.hpp"
#include "dataplane/identity.hpp"
#include "dataplane/maps.hpp"
#include "dataplane/policy.hpp"
#include "sense/management.hpp"

namespace ebb {

// The sockets that a policy depends on.
struct Listening {
  std::set<std::uint16_t> ssh;  // ports of sshd, protected like management_ports
  bool mdns = false;            // somebody here wants multicast DNS
  bool operator==(const Listening&) const = default;
};

Listening read_listening(SshPorts& ssh);

// What a publication would say, without one: more rules than fit, too many distinct ports.
Status try_policy(const Config& config);

class PolicyHost {
 public:
  PolicyHost(Loop& loop, Maps& maps) : loop_(loop), maps_(maps) {}

  // Compiles and publishes; on an error the policy in force stays, whole. `interfaces`: those that are there;
  // `root`: of the sensors.
  Status publish(const Config& config, const std::vector<std::string>& interfaces, const std::string& root);

  // The sockets are others now than at the last publication.
  bool outdated() { return listening_now() != listening_; }

  void tick();  // once per interval

  const std::array<MaskChoice, 4>& masks() const { return masks_; }
  const std::vector<std::uint8_t>& slots() const { return slots_; }  // counter slot of each class
  const Identity* identity() const { return identity_.get(); }
  const std::string& identity_off() const { return identity_off_; }  // why there is none
  // What rules about services and listeners have to go by: ok, off, or unused where there are none.
  const char* services() const { return identity_ ? "ok" : asks_sockets_ ? "off" : "unused"; }
  bool steers(PowerState state) const {
    return steers_[static_cast<std::size_t>(state)];
  }  // some class asks for it
  bool can_steer() const { return can_steer_; }  // native XDP has queues on the CPUs of the masks

 private:
  Loop& loop_;
  Maps& maps_;
  std::array<MaskChoice, 4> masks_;
  std::array<bool, 4> steers_{};
  std::vector<std::uint8_t> slots_;
  Listening listening_;
  SshPorts ssh_;
  std::unique_ptr<Identity> identity_;  // while a rule needs it and the machine can
  std::string identity_off_;
  bool asks_sockets_ = false;
  bool can_steer_ = false;

  Listening listening_now();
  void follow_sockets();
};

}  // namespace ebb

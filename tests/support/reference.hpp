// SPDX-License-Identifier: GPL-2.0-or-later
// What the data plane must do with a frame, written from DESIGN 3.3 to 3.8 and the configuration's rules
// alone: a plain first match and a plain rebuild of the packet. It shares no code with bpf/ and knows no
// bank.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "abi.h"
#include "base/cpumask.hpp"
#include "config/config.hpp"
#include "support/packets.hpp"

namespace ebb::test {

// A class with the same treatment in every state.
TrafficClass treated(std::string name, std::vector<Rule> match, const Treatment& treatment);

using Address = std::array<std::uint8_t, 16>;  // IPv4 uses the first 4 bytes

// An address of this machine.
struct OwnAddress {
  bool ipv6 = false;
  Address address{};
  bool here = true;    // on the interface that the frame came in by
  bool answer = true;  // may be answered for: not tentative
  bool operator==(const OwnAddress&) const = default;
};

// A socket that takes packets from anybody: a TCP listener, or an unconnected UDP socket.
struct LocalSocket {
  bool tcp = false;
  bool ipv4 = true, ipv6 = true;  // with both: one IPv6 socket that takes IPv4 as well
  Address local{};                // all 0: any address
  std::uint16_t port = 0;
};

// Everything but the frame that a verdict depends on.
struct Situation {
  PowerState state = PowerState::performance;
  Enforcement enforcement = Enforcement::enforce;
  bool inert = false;
  std::uint32_t iface = EBB_IF_TERMINAL | EBB_IF_STEER;
  bool xdp = true;                 // otherwise TC, where steering was done by RPS before
  unsigned cpu = 0;                // that handles the packet
  std::array<CpuMask, 4> masks{};  // by power state
  bool above_rate = false;         // every class has just used up its limit; otherwise none has
  std::vector<Mac> macs{mac_us};   // ours; the first is the interface's
  std::vector<OwnAddress> addresses;
  std::vector<LocalSocket> sockets;
  std::map<std::pair<bool, std::uint16_t>, std::string> owners;  // {TCP, port} -> cgroup path
  bool owners_known = true;
  bool mdns_listener = false;  // a socket here is bound to port 5353
};

// The fields of a frame that a rule can name. What is not known is not there.
struct Fields {
  std::uint16_t ethertype = 0;
  std::uint16_t vlan = 0;  // 0: none, or a tag for priority only
  Delivery delivery = Delivery::unicast;
  bool ip = false, ipv6 = false, ports = false, tcp = false;
  std::uint16_t length = 0, sport = 0, dport = 0;
  std::uint8_t proto = 0, dscp = 0, tcp_flags = 0;
  Address src{}, dst{};
  std::optional<Destination> to;
  std::optional<bool> listener;
  std::string owner;  // cgroup path
};

enum class Action { pass, drop, redirect, answer };

struct Outcome {
  Action action = Action::pass;
  Bytes frame;                   // as it goes on, or the reply; empty when dropped
  std::optional<unsigned> slot;  // counter row; none: not classified
  ebb_verdict verdict = EBB_PASS;
  std::optional<ebb_reason> reason;
  bool operator==(const Outcome&) const = default;
};

// Of a frame that can be judged; none of a malformed one.
std::optional<Fields> read_fields(const Bytes& frame, const Situation& now = {});

bool matches(const Rule& rule, const Fields& fields);

// Is the cgroup `path` what `owner` names?
bool owns(const Owner& owner, const std::string& path);

// Index of the first class that matches, or EBB_CLASSES.
unsigned first_match(const Config& config, const Fields& fields);

// `slots[i]`: counter row of the class i.
Outcome judge(const Config& config, const std::vector<std::uint8_t>& slots, const Situation& now,
              const Bytes& frame);

std::string describe(const Outcome& outcome);

}  // namespace ebb::test

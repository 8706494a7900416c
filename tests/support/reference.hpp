// SPDX-License-Identifier: GPL-2.0-or-later
// What the data plane must do with a frame, written from DESIGN 3.3 to 3.8 and the configuration's rules
// alone: a plain first match and a plain rebuild of the packet. It shares no code with bpf/ and knows no
// bank.
#pragma once

#include <array>
#include <optional>

#include "abi.h"
#include "base/cpumask.hpp"
#include "config/config.hpp"
#include "support/packets.hpp"

namespace ebb::test {

// Everything but the frame that a verdict depends on.
struct Situation {
  PowerState state = PowerState::performance;
  Enforcement enforcement = Enforcement::enforce;
  bool inert = false;
  std::uint32_t iface = EBB_IF_TERMINAL | EBB_IF_STEER;
  bool xdp = true;                 // otherwise TC, where steering was done by RPS before
  unsigned cpu = 0;                // that handles the packet
  std::array<CpuMask, 4> masks{};  // by power state
};

// The fields of a frame that a rule can name.
struct Fields {
  std::uint16_t ethertype = 0;
  Delivery delivery = Delivery::unicast;
  bool ip = false, ipv6 = false, ports = false;
  std::uint16_t length = 0, sport = 0, dport = 0;
  std::uint8_t proto = 0;
  std::array<std::uint8_t, 16> src{}, dst{};
};

enum class Action { pass, drop, redirect };

struct Outcome {
  Action action = Action::pass;
  Bytes frame;                   // as it goes on; empty when dropped
  std::optional<unsigned> slot;  // counter row; none: not classified
  ebb_verdict verdict = EBB_PASS;
  std::optional<ebb_reason> reason;
  bool operator==(const Outcome&) const = default;
};

// Of a frame that can be judged; none of a malformed one.
std::optional<Fields> read_fields(const Bytes& frame);

bool matches(const Rule& rule, const Fields& fields);

// Index of the first class that matches, or EBB_CLASSES.
unsigned first_match(const Config& config, const Fields& fields);

// `slots[i]`: counter row of the class i.
Outcome judge(const Config& config, const std::vector<std::uint8_t>& slots, const Situation& now,
              const Bytes& frame);

std::string describe(const Outcome& outcome);

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// A packet socket at the neighbour's end of a pair, and a count of what reaches the stack at the node's end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "lab.hpp"
#include "requests.hpp"
#include "witness.h"

struct witness_bpf;

namespace ebb::test {

// Sends frames to the node as they are, and hears the node's replies, whoever they are for.
class Prober {
 public:
  Prober(const Lab& lab, const Site& site);
  void send(const Bytes& frame) const;

  struct Heard {
    Bytes frame;
    std::int64_t at_ns = 0;  // CLOCK_REALTIME, by the kernel
  };
  // The next reply (is_reply) of the node within `ms`.
  std::optional<Heard> hear(int ms) const;
  std::optional<Heard> ask(const Bytes& frame, int ms) const;  // forgets older replies, sends, hears

 private:
  Fd fd_;
  Mac node_;
};

// A program behind Ebb on the node's interface, so it has to be made after Ebb's; it goes with this object.
class Witness {
 public:
  explicit Witness(const std::string& interface);
  std::uint64_t seen(unsigned kind) const;  // requests that went on to the stack, by WITNESS_*
  std::uint64_t seen() const;               // of all kinds

 private:
  std::unique_ptr<witness_bpf, void (*)(witness_bpf*)> object_;
  Fd link_;
};

std::int64_t realtime_ns();

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// What the packet programs tell the agent: the first packet of an urgent class after quiet.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "dataplane/maps.hpp"

struct ring_buffer;

namespace ebb {

class Events {
 public:
  static Result<Events> open(const Maps& maps);

  int fd() const;                    // readable when there are some
  std::vector<std::uint8_t> take();  // the slots of the urgent classes, in the order of their packets

 private:
  struct Close {
    void operator()(ring_buffer* ring) const;
  };
  Events() = default;
  std::unique_ptr<std::vector<std::uint8_t>> slots_;  // that the ring's callback fills: it may not move
  std::unique_ptr<ring_buffer, Close> ring_;
};

}  // namespace ebb

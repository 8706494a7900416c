// SPDX-License-Identifier: GPL-2.0-or-later
// Tells when the network around the agent changes: netlink events.
#pragma once

#include <cstdint>
#include <functional>

#include "base/fd.hpp"
#include "base/loop.hpp"
#include "base/result.hpp"

namespace ebb {

enum class Change : std::uint8_t {
  addresses,  // an own address came, went or became valid; nothing else
  links,  // an interface came, went, was renamed, got a master, began to forward; or a default route moved
};

// What changed is asked from the kernel, not from the messages: so several changes are one, and a lost
// message (the socket's buffer was full) costs nothing, it means "everything may have changed".
class Surroundings {
 public:
  // Calls `changed` from the loop, with Change::addresses first when there are both; and once soon after
  // open() and after follow_routes(true), for what changed before.
  static Result<Surroundings> open(Loop& loop, std::function<void(Change)> changed);

  // Default routes too? Only while somebody asks: machines with full routing tables are told much.
  Status follow_routes(bool yes);

 private:
  Fd socket_;
  bool routes_ = false;
};

}  // namespace ebb

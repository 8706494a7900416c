// SPDX-License-Identifier: GPL-2.0-or-later
// The clsact rung, for kernels without tcx: a TC filter. It is netlink state of the interface: it outlives
// its agent, vanishes with the interface, and anybody may remove it together with the qdisc that carries it.
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace ebb {

// The program of Ebb's own filter, of this agent or an earlier one; an error with ENOENT: there is none.
Result<std::uint32_t> query_clsact(int ifindex);

// Makes the filter, and the qdisc where there is none; puts the program into a filter of before without a
// gap. Filters of others keep their places: those of a lower priority number run first, and see every packet.
Result<std::uint32_t> attach_clsact(int program_fd, int ifindex);

// Whether there was a filter of ours. The qdisc goes with it only if Ebb made it and nobody else uses it now.
Result<bool> detach_clsact(int ifindex);

}  // namespace ebb

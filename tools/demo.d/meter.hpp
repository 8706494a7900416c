// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel counted, for the demo's table.
#pragma once

#include <cstdint>
#include <string>

namespace ebb::traffic {

struct Counted {
  std::uint64_t ip_packets = 0;  // that reached the IP stack of this network namespace
  // CPU time, milliseconds. Packets cross a veth in the sender's context, so its time holds much of the
  // node's.
  std::uint64_t program_ms = 0;  // this process: the node's programs
  std::uint64_t traffic_ms = 0;  // both ends, and the kernel threads that handle packets (cpumap, ksoftirqd)
};

// `host_proc`: a /proc that shows kernel threads, which a process namespace hides.
Counted count_kernel(const std::string& host_proc);

}  // namespace ebb::traffic

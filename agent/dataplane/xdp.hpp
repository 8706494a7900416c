// SPDX-License-Identifier: GPL-2.0-or-later
// The native XDP rung, through libxdp. libxdp attaches by netlink, so a program outlives its agent on the
// interface and is found again by its name and its maps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/programs.hpp"

namespace ebb {

struct XdpProgram {
  std::uint32_t id = 0;
  std::string name;
  bool ours = false;  // named ebb_xdp and reads a map named ebb_live
};

struct XdpInterface {
  std::vector<XdpProgram> programs;
  bool dispatcher = false;  // libxdp's: others can attach beside
  std::uint32_t runs = 0;   // id of what the interface runs: the dispatcher, or the only program
  const XdpProgram* own() const;
};

// What is attached to the interface now, natively or not.
Result<XdpInterface> query_xdp(int ifindex);

// XdpInterface::runs alone, which costs one question by netlink. 0: nothing.
Result<std::uint32_t> running_xdp(int ifindex);

// Loads and attaches natively, behind the programs of others where libxdp's dispatcher has some. The
// program's id; an error with the errno says why the driver or the kernel refused.
Result<std::uint32_t> attach_xdp(const Maps& maps, int ifindex);

// Puts this agent's code in the place of Ebb's own program. There is no moment without a program; behind
// libxdp's dispatcher there is one with both.
Result<std::uint32_t> replace_xdp(const Maps& maps, int ifindex);

// Detaches Ebb's own program, and no other.
Status detach_xdp(int ifindex);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The other end of a veth, in whichever network namespace it is.
#pragma once

#include "sense/link.hpp"

namespace ebb {

// Does a native XDP program run there? Only then does what XDP sends back on this end arrive: without one the
// kernel leaves such frames in the other end's ring or drops them (Linux 6.18, with and without GRO). False
// also where the other namespace may not be asked.
bool peer_runs_xdp(const Link& veth);

}  // namespace ebb

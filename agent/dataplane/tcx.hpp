// SPDX-License-Identifier: GPL-2.0-or-later
// The tcx rung (Linux 6.6 and newer): a pinned BPF link, so it outlives its agent and is found again by its
// pin.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

// The link of an earlier agent on this interface: its program's id, or an error with ENOENT.
Result<std::uint32_t> query_tcx(const std::string& pin, int ifindex);

// Attaches behind whatever is on the hook and pins the link. An error without an errno says why there is no
// tcx here.
Result<std::uint32_t> attach_tcx(int program_fd, int ifindex, const std::string& pin);

// Puts another program into the pinned link, without a gap.
Result<std::uint32_t> replace_tcx(int program_fd, const std::string& pin);

}  // namespace ebb

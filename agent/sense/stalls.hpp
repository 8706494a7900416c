// SPDX-License-Identifier: GPL-2.0-or-later
// Pressure triggers (Documentation/accounting/psi.rst).
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

// A file that polls EPOLLPRI, at most once in ten seconds, when tasks had to wait for that share of them.
// `path`: /proc/pressure/cpu or /memory.
//
// Only the kind that costs nothing while nobody waits: until Linux 6.5 every trigger, and since then every
// one of a process with CAP_SYS_RESOURCE, has a thread of the kernel poll up to ten times per window. So the
// file is opened without that capability, and an error says where the kernel has the other kind only.
Result<Fd> open_stall_trigger(const std::string& path, unsigned percent);

}  // namespace ebb

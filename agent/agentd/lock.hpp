// SPDX-License-Identifier: GPL-2.0-or-later
// One agent at a time.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

// Creates /run/ebb and takes the agent's lock; it is free again when the returned fd is closed, or its
// process dies; one that is dying is waited for, a second. An error names the pid that holds it.
Result<Fd> lock_agent();

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// Tells that an interface came, went, changed its master, or began to forward.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

// A non-blocking socket that is readable after such a change. What changed is asked from the kernel, not from
// the message: a lost message costs nothing as long as the next one comes.
Result<Fd> open_link_events();
void drain_link_events(int fd);

}  // namespace ebb

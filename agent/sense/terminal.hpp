// SPDX-License-Identifier: GPL-2.0-or-later
// Does an interface's traffic end on this machine?
#pragma once

#include <optional>
#include <string>

namespace ebb {

// Why it may not: "forwards IPv4", "is a port of bridge br0", ... Nothing: it ends here, and may be dropped
// or trimmed. What cannot be known counts as forwarding. Reads the machine's own /proc and /sys, of its
// network namespace.
std::optional<std::string> why_not_terminal(const std::string& interface);

}  // namespace ebb

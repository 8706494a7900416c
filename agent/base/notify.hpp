// SPDX-License-Identifier: GPL-2.0-or-later
// sd_notify(3) without libsystemd: one datagram to $NOTIFY_SOCKET.
#pragma once

#include <chrono>
#include <optional>

namespace ebb {

void notify_manager(const char* state);  // "READY=1", "STOPPING=1", "WATCHDOG=1"; nothing outside systemd

// Half of $WATCHDOG_USEC, if the manager wants to hear from this process.
std::optional<std::chrono::milliseconds> watchdog_period();

}  // namespace ebb

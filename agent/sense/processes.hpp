// SPDX-License-Identifier: GPL-2.0-or-later
// The processes and the sockets that they have open, as /proc shows them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ebb {

// Calls `action` with each process's folder ("/proc/1234"), below `root`.
void each_process(const std::function<void(const std::string& folder)>& action, const std::string& root = "");

// Calls `action` with the inode of each socket that the process is seen to have open. Another user's process
// shows them to CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH only, and one with more capabilities than the caller's
// to nobody.
void each_socket(const std::string& folder, const std::function<void(std::uint64_t inode)>& action);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// What no file says and the kernel answers when it is asked, shown as files, so that a record holds it too:
//   /ethtool/IF/eee            "active", "enabled" (but not by the peer), "disabled"
//   /nl80211/IF/power_save     "on", "off"
// An interface that has no such thing has no such file.
#pragma once

#include <string>

#include "base/result.hpp"

namespace ebb {

bool is_asked(const std::string& path);

// In this process's network namespace.
Result<std::string> ask(const std::string& path);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// Which interfaces lead to the rest of the world?
#pragma once

#include <set>

#include "base/result.hpp"

namespace ebb {

// Numbers of the interfaces that carry a default route, IPv4 or IPv6, in the main table.
Result<std::set<int>> default_route_interfaces();

}  // namespace ebb

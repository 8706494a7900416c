// SPDX-License-Identifier: GPL-2.0-or-later
// Which interfaces does the configuration mean?
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sense/link.hpp"

namespace ebb {

inline constexpr const char* auto_pattern = "auto";

struct Choice {
  std::string name;
  int ifindex = 0;      // 0: there is no such interface; only for exact names
  std::string pattern;  // the first that fits
};

bool is_glob(const std::string& pattern);

// In the order of the patterns. An exact name is an interface; a glob is every interface whose name fits;
// `auto` is those of `default_route`. The loopback interface is meant only by its exact name.
std::vector<Choice> choose(const std::vector<std::string>& patterns, const std::vector<Link>& links,
                           const std::set<int>& default_route);

}  // namespace ebb

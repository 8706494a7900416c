// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/choice.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace ebb {
namespace {

bool fits(const std::string& pattern, const Link& link, const std::set<int>& default_route) {
  if (link.loopback()) return pattern == link.name;
  if (pattern == auto_pattern) return default_route.count(link.ifindex) > 0;
  return is_glob(pattern) ? fnmatch(pattern.c_str(), link.name.c_str(), 0) == 0 : pattern == link.name;
}

}  // namespace

bool is_glob(const std::string& pattern) { return pattern.find_first_of("*?[") != std::string::npos; }

std::vector<Choice> choose(const std::vector<std::string>& patterns, const std::vector<Link>& links,
                           const std::set<int>& default_route) {
  std::vector<Choice> out;
  for (const auto& pattern : patterns) {
    bool found = false;
    for (const auto& link : links) {
      if (!fits(pattern, link, default_route)) continue;
      found = true;
      const bool taken =
          std::any_of(out.begin(), out.end(), [&](const Choice& one) { return one.ifindex == link.ifindex; });
      if (!taken) out.push_back({link.name, link.ifindex, pattern});
    }
    if (!found && !is_glob(pattern) && pattern != auto_pattern) out.push_back({pattern, 0, pattern});
  }
  return out;
}

}  // namespace ebb

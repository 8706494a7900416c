// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/watch.hpp"

namespace ebb {
namespace {

using nlohmann::json;

json change(const std::string& key, const Fact* before, const Fact* after, const std::string& time) {
  const auto blank = key.find(' ');
  const auto value = [](const Fact* fact) { return fact ? json(fact->value) : json(nullptr); };
  return {{"time", time},
          {"what", key.substr(0, blank)},
          {"name", blank == std::string::npos ? json(nullptr) : json(key.substr(blank + 1))},
          {"from", value(before)},
          {"to", value(after)},
          {"why", after ? after->why : ""}};
}

const Fact* find(const Facts& facts, const std::string& key) {
  const auto found = facts.find(key);
  return found == facts.end() ? nullptr : &found->second;
}

}  // namespace

json changes(const Facts& before, const Facts& after, const std::string& time) {
  json list = json::array();
  for (const auto& [key, fact] : before)
    if (!find(after, key)) list.push_back(change(key, &fact, nullptr, time));
  for (const auto& [key, fact] : after) {
    const Fact* old = find(before, key);
    if (!old || old->value != fact.value) list.push_back(change(key, old, &fact, time));
  }
  return list;
}

}  // namespace ebb

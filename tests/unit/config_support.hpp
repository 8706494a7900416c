// SPDX-License-Identifier: GPL-2.0-or-later
// Small configurations for tests: a good one is parsed, a bad one has a message that is known.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace ebb::test {

using Ranges = std::vector<Range16>;

inline const std::string agent = "[agent]\ninterfaces = [\"eth0\"]\n";

inline Config good(const std::string& text) {
  const auto config = parse_config(text, "t");
  if (!config) ADD_FAILURE() << config.error().what << "\n" << config.error().hint << "\n" << text;
  return config.value_or(Config{});
}

// A class of one rule; `match` is the inside of the braces.
inline Rule good_rule(const std::string& match) {
  const auto config = good(agent + "[[class]]\nname = \"c\"\nmatch = [{ " + match + " }]\n");
  return config.classes.empty() || config.classes[0].match.empty() ? Rule{} : config.classes[0].match[0];
}

inline Treatment good_treatment(const std::string& list) {
  const auto config =
      good(agent + "[[class]]\nname = \"c\"\nmatch = [{}]\ntreat = { critical = " + list + " }\n");
  return config.classes.empty() ? Treatment{} : config.classes[0].treat[3];
}

inline StateRules good_state(const std::string& lines) {
  return good(agent + "[state.power-saver]\n" + lines + "\n").states[2];
}

inline Prefix prefix(bool ipv6, std::vector<std::uint8_t> bytes, std::uint8_t length) {
  Prefix p{.ipv6 = ipv6, .length = length};
  std::copy(bytes.begin(), bytes.end(), p.address.begin());
  return p;
}

// Text, and what the message and its hint must say.
struct Bad {
  std::string text, what, hint;
};

inline void expect_bad(const Bad& row) {
  const auto config = parse_config(row.text, "t");
  ASSERT_FALSE(config) << row.text;
  EXPECT_EQ(config.error().exit_code, 2) << row.text;
  EXPECT_NE(config.error().what.find(row.what), std::string::npos) << row.text << "\n" << config.error().what;
  EXPECT_NE(config.error().hint.find(row.hint), std::string::npos) << row.text << "\n" << config.error().hint;
}

}  // namespace ebb::test

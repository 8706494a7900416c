// SPDX-License-Identifier: GPL-2.0-or-later
// The pages of holds, plan and watch: aligned, narrow, and safe whatever the agent says.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <sstream>

#include "agentctl/text.hpp"
#include "agentctl/wish_pages.hpp"

namespace ebb {
namespace {

using nlohmann::json;

std::vector<std::string> lines_of(const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) {
    EXPECT_LE(width_of(line), 80U) << line;
    EXPECT_EQ(line.find_first_of("\x1b\r\t"), std::string::npos) << line;
    lines.push_back(line);
  }
  return lines;
}

const json hold = {{"id", "h1"},
                   {"state", "power-saver"},
                   {"reason", "sun at noon"},
                   {"who", "agentctl, pid 7, uid 0"},
                   {"seconds_left", 5400},
                   {"strongest", true}};

TEST(WishPages, Holds) {
  json other = hold;
  other["id"] = "h2";
  other["strongest"] = false;
  other["reason"] = "a reason that is far too long for its column\x1b[31m";
  const auto lines = lines_of(render_holds({{"holds", {hold, other}}}, {}));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1].substr(0, 2), "* ");
  EXPECT_EQ(lines[2].substr(0, 2), "  ");
  for (const char* column : {"state", "left", "reason", "who"})
    EXPECT_NE(lines[0].find(column), std::string::npos);
  EXPECT_EQ(lines[1].find("power-saver"), lines[0].find("state"));
  EXPECT_EQ(lines[1].find("1 h 30 min"), lines[0].find("left"));
  EXPECT_EQ(lines[1].find("sun at noon"), lines[0].find("reason"));
  EXPECT_EQ(lines[1].find("agentctl"), lines[0].find("who"));
  EXPECT_EQ(lines_of(render_holds({{"holds", json::array()}}, {})).size(), 1U);
}

TEST(WishPages, Plan) {
  const json settings = {{{"id", "file:/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"},
                          {"current", "1200000"},
                          {"wanted", "600000"},
                          {"reason", ""}},
                         {{"id", "file:/sys/class/net/eth0/gro_flush_timeout"},
                          {"current", nullptr},
                          {"wanted", "2000000"},
                          {"reason", "cannot read it"}}};
  const json plan = {
      {"state", "power-saver"}, {"mode", "quiet"}, {"enforcement", "observe"}, {"settings", settings}};
  const auto lines = lines_of(render_plan(plan, {}));
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_NE(lines[0].find("WOULD"), std::string::npos);
  EXPECT_NE(lines[2].find("policy0/scaling_max_freq"), std::string::npos);
  EXPECT_EQ(lines[2].find("1200000") + 7, lines[1].find("now") + 3) << "right-aligned";
  EXPECT_NE(lines[3].find("eth0/gro_flush_timeout"), std::string::npos);
  EXPECT_NE(lines[4].find("cannot read it"), std::string::npos);
  EXPECT_NE(render_plan({{"settings", json::array()}}, {}).find("left alone"), std::string::npos);
}

TEST(WishPages, Changes) {
  setenv("TZ", "UTC", 1);
  tzset();
  const json list = {{{"time", "2026-11-28T16:02:11Z"},
                      {"what", "state"},
                      {"name", nullptr},
                      {"from", "balanced"},
                      {"to", "power-saver"},
                      {"why", "power-saver.enter, frequency 50 %"}},
                     {{"time", "2026-11-28T16:02:12Z"},
                      {"what", "hold"},
                      {"name", "h1"},
                      {"from", "critical"},
                      {"to", nullptr},
                      {"why", ""}}};
  const auto lines = lines_of(render_changes({{"changes", list}}, {}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].substr(0, 8), "16:02:11");
  EXPECT_NE(lines[0].find("balanced → power-saver"), std::string::npos);
  EXPECT_NE(lines[1].find("hold h1"), std::string::npos);
  EXPECT_NE(lines[1].find("critical → gone"), std::string::npos);
  EXPECT_EQ(lines[0].find("balanced"), lines[1].find("critical"));
}

TEST(WishPages, NonsenseIsShownAsUnknown) {
  for (const json& reply :
       {json(), json(1), json{{"holds", 1}, {"settings", "x"}, {"changes", {1, nullptr, "x"}}},
        json{
            {"holds", {json{{"seconds_left", "x"}}}}, {"settings", {1}}, {"changes", {json{{"time", 7}}}}}}) {
    lines_of(render_holds(reply, {}));
    lines_of(render_plan(reply, {}));
    lines_of(render_changes(reply, {}));
  }
}

}  // namespace
}  // namespace ebb

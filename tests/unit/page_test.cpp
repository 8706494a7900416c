// SPDX-License-Identifier: GPL-2.0-or-later
// The status page: one golden page, and what holds for any reply whatever.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "agentctl/page.hpp"
#include "agentctl/text.hpp"

namespace ebb {
namespace {

using nlohmann::json;

const char* const sample = R"json({
  "version": "0.1.0",
  "enforcement": "observe",
  "state": "power-saver",
  "since": "2026-11-22T15:00:00Z",
  "reason": {"rule": "power-saver.enter", "values": {"frequency": "50 %"}},
  "mode": "quiet",
  "flaps": 2,
  "configuration": {"files": ["/etc/ebb/agent.toml", "/etc/ebb/conf.d/10-site.toml"], "state": "unconfirmed",
    "until": "2026-11-22T15:12:46Z"},
  "interfaces": [
    {"name": "eth0", "ifindex": 2, "hook": "xdp-native",
      "hook_reason": "the driver veth has native XDP", "program_id": 123, "link_type": "ether",
      "pattern": "auto",
      "treatment": "pass-only", "treatment_reason": "forwards IPv4", "sockets_reason": "forwards IPv4",
      "answers_reason": ""},
    {"name": "wwan0", "ifindex": 5, "hook": "tcx",
      "hook_reason": "no native XDP: the driver qmi_wwan does not support it; another program (xdp-filter, id 77) is never replaced", "program_id": 124, "link_type": "ip", "treatment": "all", "treatment_reason": ""},
    {"name": "wlan0", "ifindex": null, "hook": "none", "hook_reason": "the interface does not exist",
      "program_id": null, "link_type": "ether", "treatment": "all", "treatment_reason": ""}],
  "cpus": {"mask": "0", "why": "symmetric board: CPU 0 takes the interrupts of eth0"},
  "sensors": {"frequency": {"value": 50.0, "unit": "percent", "status": "ok", "reason": ""},
      "cpufreq.policy0.current": {"value": 600000, "unit": "kilohertz", "status": "ok", "reason": ""},
      "cpufreq.policy0.max": {"value": 1200000, "unit": "kilohertz", "status": "ok", "reason": ""},
      "cpufreq.policy0.governor": {"value": "ondemand", "unit": "", "status": "ok", "reason": ""},
      "cpufreq.policy0.driver": {"value": "cpufreq-dt", "unit": "", "status": "ok", "reason": ""},
      "utilisation": {"value": 3.21, "unit": "percent", "status": "ok", "reason": ""},
      "run_queue": {"value": 0.5, "unit": "tasks_per_cpu", "status": "ok", "reason": ""},
      "cpu_pressure": {"value": 5.51, "unit": "percent", "status": "ok", "reason": ""},
      "memory_pressure": {"value": 0, "unit": "percent", "status": "ok", "reason": ""},
      "temperature": {"value": 61.835, "unit": "celsius", "status": "ok", "reason": ""},
      "heat_margin": {"value": 48.2, "unit": "celsius", "status": "ok", "reason": ""},
      "mains": {"value": "offline", "unit": "", "status": "ok", "reason": ""},
      "battery": {"value": 37, "unit": "percent", "status": "ok", "reason": ""},
      "battery_power": {"value": 6.842, "unit": "watts", "status": "ok", "reason": ""},
      "power": {"value": null, "unit": "watts", "status": "unknown", "reason": "no meter"},
      "under_voltage": {"value": "yes", "unit": "", "status": "ok", "reason": ""},
      "thermal.thermal_zone0.temp": {"value": 61.835, "unit": "celsius", "status": "ok", "reason": ""},
      "cpufreq.policy0.energy_preference": {"value": null, "unit": "", "status": "unknown",
      "reason": "the driver has none"}},
  "classes": [
    {"name": "telemetry", "kind": "background", "packets": 12345, "bytes": 1, "dropped": 0,
      "trimmed": 9000, "steered": 12000, "answered": 0, "limited": 0, "deferred": 0},
    {"name": "chatter-of-the-neighbours-pack", "kind": "background", "packets": 4500000, "bytes": 1,
      "dropped": 4499999, "trimmed": 0, "steered": 0, "answered": 0, "limited": 0, "deferred": 0},
    {"name": "video", "kind": "bulk", "packets": 1999999, "bytes": 1, "dropped": 0, "trimmed": 0,
      "steered": 1999999, "answered": 0, "limited": 0, "deferred": 0},
    {"name": "unclassified", "kind": null, "packets": 999, "bytes": 1, "dropped": 0, "trimmed": 0,
      "steered": 0, "answered": 0, "limited": 0, "deferred": 0}],
  "passed": {"inert": 0, "unclassified": 999, "protected-arp": 3, "nothing-to-do": 3345},
  "knobs": [
    {"id": "file:/sys/class/net/wwan0/queues/rx-0/rps_cpus", "original": "0", "wanted": "1",
      "current": "1", "status": "applied"},
    {"id": "file:/sys/class/net/enp0s31f6np0/queues/rx-13/rps_cpus", "original": "00000000,00000000",
      "wanted": "1", "current": "f", "status": "foreign", "reason": "somebody else wrote f after Ebb"}],
  "self": {"rss_bytes": 4400000, "cpu_seconds": 0.314, "wakeups": 1234}
})json";

const char* const golden =
    R"page( POWER-SAVER  for 12 min 4 s                           traffic quiet · Ebb 0.1.0
 because          power-saver.enter, frequency 50 % (2 flaps held back)
 enforcement      observe: nothing is touched; verdicts are what WOULD be done
 configuration    unconfirmed: rolled back in 42 s unless somebody says agentctl
                  confirm

 Interfaces ───────────────────────────────────────────────────────────────────
 eth0             hook xdp-native · program 123 · chosen by auto
                  the driver veth has native XDP
                  pass-only: forwards IPv4
                  services and listeners are not known: forwards IPv4
 wwan0            hook tcx · program 124 · link ip
                  no native XDP: the driver qmi_wwan does not support it;
                  another program (xdp-filter, id 77) is never replaced
 wlan0            absent
                  the interface does not exist

 Machine ──────────────────────────────────────────────────────────────────────
 steered flows    to CPU 0
                  symmetric board: CPU 0 takes the interrupts of eth0
 frequency        ██████████·········· 50 %
 cpufreq.policy0  current 600 MHz · driver cpufreq-dt
                  energy_preference unknown (the driver has none)
                  governor ondemand · max 1.20 GHz
 load             3.21 % busy · 0.5 tasks wait per CPU · CPU pressure 5.51 %
                  memory pressure 0 %
 heat             61.84 °C · 48.2 below a trip point
 power            mains offline · battery 37 % · 6.84 W out of it
                  UNDER-VOLTAGE
 unknown          power

 Classes, in packets; what WOULD be done ──────────────────────────────────────
 class                 kind        packets  share      dropped  trimmed  steered
 telemetry             background   12.3 k                   0    9.0 k   12.0 k
 chatter-of-the-neig…  background    4.5 M  ██████▎      4.5 M        0        0
 video                 bulk          2.0 M  ██▊              0        0    2.0 M
 unclassified          -               999                   0        0        0

 Passed untouched, in packets by reason ───────────────────────────────────────
 nothing-to-do                    3.3 k   unclassified                       999
 protected-arp                        3

 Changed settings: original → now ─────────────────────────────────────────────
 wwan0/queues/rx-0/rps_cpus                       0 → 1            applied
 enp0s31f6np0/queues/rx-13/rps_cpus     00000000,0… → f            foreign
   somebody else wrote f after Ebb

 Cost of the agent itself ─────────────────────────────────────────────────────
 4.2 MiB of memory · 0.31 s of CPU time · 1.2 k wakeups
)page";

PageStyle plain() { return {.width = 80, .colour = false, .now = *parse_time("2026-11-22T15:12:04Z")}; }

std::vector<std::string> lines_of(const std::string& page) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end; (end = page.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(page.substr(begin, end - begin));
  return lines;
}

// Without "ESC [ ... m".
std::string stripped(std::string page) {
  for (std::size_t begin; (begin = page.find("\x1b[")) != std::string::npos;)
    page.erase(begin, page.find('m', begin) - begin + 1);
  return page;
}

void expect_clean(const std::string& page, std::size_t width) {
  ASSERT_TRUE(page.ends_with('\n'));
  for (const auto& line : lines_of(page)) {
    EXPECT_LE(width_of(line), width) << line;
    EXPECT_EQ(sanitised(line), line);
  }
}

TEST(Page, IsTheGoldenOne) {
  const auto page = render_status(json::parse(sample), plain());
  EXPECT_EQ(page, golden);
  expect_clean(page, 80);
}

TEST(Page, ColourChangesNothingElse) {
  auto style = plain();
  style.colour = true;
  const auto page = render_status(json::parse(sample), style);
  EXPECT_NE(page.find("\x1b[1;33mPOWER-SAVER\x1b[0m"), std::string::npos);
  EXPECT_EQ(stripped(page), golden);
}

TEST(Page, SaysWhetherVerdictsAreCarriedOut) {
  auto status = json::parse(sample);
  EXPECT_NE(render_status(status, plain()).find("what WOULD be done"), std::string::npos);
  status["enforcement"] = "enforce";
  const auto page = render_status(status, plain());
  EXPECT_EQ(page.find("WOULD"), std::string::npos);
  EXPECT_NE(page.find("enforce: verdicts are carried out"), std::string::npos);
}

TEST(Page, UnknownIsNotZero) {
  const json status =
      json::parse(R"({"classes": [{"name": "a"}, {"name": "b", "packets": null, "dropped": 0}]})");
  const auto page = render_status(status, plain());
  const auto lines = lines_of(page);
  EXPECT_EQ(std::ranges::count(lines, " " + left("a", 20) + "  " + left("-", 10) + right("-", 9) +
                                          right("-", 20) + right("-", 9) + right("-", 9)),
            1)
      << page;
  EXPECT_EQ(std::ranges::count(lines, " " + left("b", 20) + "  " + left("-", 10) + right("-", 9) +
                                          right("0", 20) + right("-", 9) + right("-", 9)),
            1)
      << page;
}

TEST(Page, MoreVerdictsStayInTheWidth) {
  auto status = json::parse(sample);
  for (const char* verdict : {"answered", "limited", "deferred"}) {
    status["classes"][0][verdict] = 18446744073709551615u;
    const auto page = render_status(status, plain());
    EXPECT_NE(page.find(verdict), std::string::npos);
    EXPECT_NE(page.find("18.4 E"), std::string::npos);
    expect_clean(page, 80);
  }
}

TEST(Page, ServicesThatARuleAsksForAndNobodyKnows) {
  auto status = json::parse(sample);
  for (const char* quiet : {"ok", "unused"}) {
    status["services"] = {{"status", quiet}, {"reason", "cgroup v2 is not mounted"}};
    EXPECT_EQ(render_status(status, plain()).find("not mounted"), std::string::npos);
  }
  status["services"]["status"] = "off";
  const auto page = render_status(status, plain());
  EXPECT_NE(page.find("services         not known: cgroup v2 is not mounted"), std::string::npos);
  expect_clean(page, 80);
}

TEST(Page, HostileNamesCannotLeaveTheirPlace) {
  auto status = json::parse(sample);
  const std::string evil = "a\x1b[2J\r\nroot# \u202e\u0085\x7f" + std::string(300, 'w');
  for (auto& [key, value] : status.items())
    if (value.is_string()) value = evil;
  for (auto& interface : status["interfaces"])
    for (auto& [key, value] : interface.items()) value = evil;
  for (auto& row : status["classes"]) row["name"] = row["kind"] = row["packets"] = evil;
  for (auto& knob : status["knobs"])
    for (auto& [key, value] : knob.items()) value = evil;
  status["sensors"][evil] = {{"value", evil}, {"unit", evil}};
  status["services"] = {{"status", "off"}, {"reason", evil}};
  status["passed"][evil] = 5;
  status["reason"] = {{"rule", evil}, {"values", {{evil, evil}}}};
  expect_clean(render_status(status, plain()), 80);
}

// Any member of the sample becomes any other thing.
json* any_member(json& root, std::mt19937& random) {
  json* at = &root;
  while (at->is_structured() && !at->empty() && (at == &root || random() % 4)) {
    auto next = at->begin();
    std::advance(next, random() % at->size());
    at = &*next;
  }
  return at;
}

TEST(Page, AnyReplyIsAPage) {
  std::mt19937 random(1);
  const std::vector<json> things = {nullptr,
                                    true,
                                    -1,
                                    1e308,
                                    18446744073709551615u,
                                    "",
                                    "\xff\xfe",
                                    "text",
                                    json::array(),
                                    json::object(),
                                    json::array({1, nullptr, "x"}),
                                    json{{"value", json::array()}, {"unit", 3}},
                                    std::string(500, 'x')};
  for (int round = 0; round < 3000; ++round) {
    auto status = json::parse(sample);
    for (int changes = 0; changes < 4; ++changes)
      *any_member(status, random) = things[random() % things.size()];
    auto style = plain();
    style.width = 60 + random() % 41;
    expect_clean(render_status(status, style), style.width);
    if (HasFailure()) FAIL() << status.dump(1, ' ', false, json::error_handler_t::replace);
  }
  for (const auto& thing : things) expect_clean(render_status(thing, plain()), 80);
}

TEST(Text, Counts) {
  const std::pair<double, const char*> rows[] = {{0, "0"},
                                                 {999, "999"},
                                                 {1000, "1.0 k"},
                                                 {12345, "12.3 k"},
                                                 {99949, "99.9 k"},
                                                 {99951, "100 k"},
                                                 {999499, "999 k"},
                                                 {999500, "1.0 M"},
                                                 {4500000, "4.5 M"},
                                                 {1e9, "1.0 G"},
                                                 {1.8446744073709552e19, "18.4 E"}};
  for (const auto& [value, text] : rows) EXPECT_EQ(human_count(value), text);
}

TEST(Text, OtherNumbers) {
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(4.4e6), "4.2 MiB");
  EXPECT_EQ(human_frequency(600000), "600 MHz");
  EXPECT_EQ(human_frequency(999999), "1.00 GHz");
  EXPECT_EQ(human_number(50), "50");
  EXPECT_EQ(human_number(0.314), "0.31");
  EXPECT_EQ(human_number(100), "100");
  const std::pair<int, const char*> durations[] = {{0, "0 s"},          {59, "59 s"},  {60, "1 min"},
                                                   {724, "12 min 4 s"}, {3600, "1 h"}, {90000, "1 d 1 h"}};
  for (const auto& [seconds, text] : durations)
    EXPECT_EQ(human_duration(std::chrono::seconds(seconds)), text);
}

TEST(Text, Times) {
  const auto noon = parse_time("2026-11-22T12:00:00Z");
  ASSERT_TRUE(noon);
  EXPECT_EQ(noon->time_since_epoch().count(), 1795348800);
  EXPECT_EQ(parse_time("2026-11-22T12:00:00.123456Z"), noon);
  EXPECT_EQ(parse_time("2026-11-22T13:30:00+01:30"), noon);
  for (const char* text : {"", "yesterday", "2026-11-22", "2026-11-22T12:00:00", "2026-11-22T12:00:00.5",
                           "2026-11-22T12:00:00Zx"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Text, CellsAreCodePoints) {
  EXPECT_EQ(shortened("überlänge", 5), "über…");
  EXPECT_EQ(shortened_front("überlänge", 5), "…änge");
  EXPECT_EQ(left("é", 3), "é  ");
  EXPECT_EQ(right("é", 3), "  é");
  EXPECT_EQ(bar(0.5, 4), "██  ");
  EXPECT_EQ(bar(0.3125, 4), "█▎  ");
  EXPECT_EQ(bar(7, 2), "██");
  EXPECT_EQ(wrapped("one two  three", 7), (std::vector<std::string>{"one two", "three"}));
}

TEST(Text, SanitisingKeepsOnlyWhatIsSafe) {
  EXPECT_EQ(sanitised("grün €𝄞"), "grün €𝄞");
  for (const char* bad : {"\n", "\x1b", "\x7f", "\xc2\x85", "\xe2\x80\xae", "\xff", "\xef\xbb\xbf"})
    EXPECT_EQ(sanitised(bad), "\xEF\xBF\xBD");
  for (const char* broken : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    EXPECT_EQ(sanitised(broken).substr(0, 3), "\xEF\xBF\xBD") << broken;
}

}  // namespace
}  // namespace ebb

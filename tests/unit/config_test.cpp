// SPDX-License-Identifier: GPL-2.0-or-later
// [agent], [state.NAME] and the file as a whole.
#include "config_support.hpp"

namespace ebb::test {
namespace {

using namespace std::chrono_literals;

std::vector<StateRule> one_rule(const Condition& condition) { return {{{condition}, 0ms, ""}}; }

TEST(Config, TheSmallestHasTheDefaults) {
  const Config c = good(agent);
  EXPECT_EQ(c.interfaces, std::vector<std::string>{"eth0"});
  EXPECT_EQ(c.interval, 5s);
  EXPECT_EQ(c.enforcement, Enforcement::observe);
  EXPECT_EQ(c.management_ports, std::vector<std::uint16_t>{22});
  EXPECT_TRUE(c.classes.empty());
  for (const auto& state : c.states) {
    EXPECT_FALSE(state.configured || state.cpus.efficient || state.cpus.mask);
    EXPECT_TRUE(state.enter.empty() && state.leave.empty());
    EXPECT_EQ(state.dwell, 15s);
  }
}

TEST(Config, TheExampleOfTheDesign) {
  const Config c = good(R"(
[agent]
interfaces = ["eth0", "wlan0.5"]
interval = "500ms"
enforcement = "enforce"
management_ports = [22, 2222]
[state.power-saver]
enter = { frequency = "< 50%" }
leave = { frequency = "> 60%" }
dwell = "2m"
cpus = "efficient"
[state.balanced]
cpus = "0-1,3"
[[class]]
name = "telemetry"
kind = "urgent"
match = [{ proto = "udp", dport = [8125, "9000-9010"], dst = ["192.0.2.0/24"] }, { proto = "icmp" }]
treat = { power-saver = "steer", critical = ["drop"] }
[[class]]
name = "rest"
match = {}
)");
  EXPECT_EQ(c.interfaces, (std::vector<std::string>{"eth0", "wlan0.5"}));
  EXPECT_EQ(c.interval, 500ms);
  EXPECT_EQ(c.enforcement, Enforcement::enforce);
  EXPECT_EQ(c.management_ports, (std::vector<std::uint16_t>{22, 2222}));
  const StateRules& saver = c.states[2];
  EXPECT_TRUE(saver.configured);
  EXPECT_EQ(saver.enter, one_rule({Sensor::frequency, true, false, 50, "< 50%"}));
  EXPECT_EQ(saver.leave, one_rule({Sensor::frequency, false, false, 60, "> 60%"}));
  EXPECT_EQ(saver.dwell, 2min);
  EXPECT_TRUE(saver.cpus.efficient);
  EXPECT_TRUE(c.states[1].configured);
  ASSERT_TRUE(c.states[1].cpus.mask);
  EXPECT_EQ(c.states[1].cpus.mask->list(), "0-1,3");
  EXPECT_FALSE(c.states[0].configured || c.states[3].configured);
  ASSERT_EQ(c.classes.size(), 2U);
  const TrafficClass& telemetry = c.classes[0];
  EXPECT_EQ(telemetry.name, "telemetry");
  EXPECT_EQ(telemetry.kind, ClassKind::urgent);
  EXPECT_EQ(telemetry.where, "t:14:1");
  ASSERT_EQ(telemetry.match.size(), 2U);
  EXPECT_EQ(telemetry.match[0].where, "t:17:10");
  EXPECT_EQ(telemetry.match[0].proto, std::vector<std::uint8_t>{17});
  EXPECT_EQ(telemetry.match[0].dport, (Ranges{{8125, 8125}, {9000, 9010}}));
  EXPECT_EQ(telemetry.match[0].dst, std::vector<Prefix>{prefix(false, {192, 0, 2, 0}, 24)});
  EXPECT_TRUE(telemetry.treat[0].passes() && telemetry.treat[1].passes());
  EXPECT_EQ(telemetry.treat[2], Treatment{.steer = true});
  EXPECT_EQ(telemetry.treat[3], Treatment{.drop = true});
  EXPECT_EQ(c.classes[1].kind, ClassKind::background);
  EXPECT_EQ(c.classes[1].match.size(), 1U);
}

TEST(Config, InterfacesByPattern) {
  const Config c =
      good("[agent]\ninterfaces = [\"auto\", \"eth*\", \"wl?[0-9]\", \"[]a]*\", \"[!]a]bcdefghijklmno*\"]\n");
  EXPECT_EQ(c.interfaces,
            (std::vector<std::string>{"auto", "eth*", "wl?[0-9]", "[]a]*", "[!]a]bcdefghijklmno*"}));
}

TEST(Config, Durations) {
  const std::pair<const char*, std::chrono::milliseconds> rows[] = {
      {"100ms", 100ms}, {"1s", 1s}, {"60m", 1h}, {"1h", 1h}, {" 5 s ", 5s}, {"3600s", 1h}};
  for (const auto& [text, value] : rows)
    EXPECT_EQ(good(agent + "interval = \"" + text + "\"\n").interval, value) << text;
  EXPECT_EQ(good_state("dwell = \"0s\"").dwell, 0s);
}

TEST(Config, Thresholds) {
  struct Row {
    const char *sensor, *text;
    Condition condition;
  };
  using enum Sensor;
  for (const Row& row : {Row{"frequency", "< 50%", {frequency, true, false, 50}},
                         Row{"frequency", ">60%", {frequency, false, false, 60}},
                         Row{"frequency", "> 12.5 %", {frequency, false, false, 12.5}},
                         Row{"frequency", "< 800MHz", {frequency, true, true, 800'000}},
                         Row{"frequency", "> 1.2GHz", {frequency, false, true, 1'200'000}},
                         Row{"frequency", "< 600000kHz", {frequency, true, true, 600'000}},
                         Row{"frequency", "< 800 mhz", {frequency, true, true, 800'000}},
                         Row{"frequency", "< 100%", {frequency, true, false, 100}},
                         Row{"utilisation", "> 80%", {utilisation, false, false, 80}},
                         Row{"run_queue", "> 2", {run_queue, false, false, 2}},
                         Row{"run_queue", "< 0.5", {run_queue, true, false, 0.5}},
                         Row{"cpu_pressure", "> 0%", {cpu_pressure, false, false, 0}},
                         Row{"memory_pressure", "> 10%", {memory_pressure, false, false, 10}},
                         Row{"battery", "< 20%", {battery, true, false, 20}},
                         Row{"battery_power", "< -2.5W", {battery_power, true, false, -2.5}},
                         Row{"battery_power", "> 0 w", {battery_power, false, false, 0}},
                         Row{"power", "> 12W", {power, false, false, 12}},
                         Row{"temperature", "> 80C", {temperature, false, false, 80}},
                         Row{"heat_margin", "< -5 C", {heat_margin, true, false, -5}}}) {
    Condition wanted = row.condition;
    wanted.text = row.text;
    const std::string line = std::string("enter = { ") + row.sensor + " = \"" + row.text + "\" }";
    EXPECT_EQ(good_state(line).enter, one_rule(wanted)) << line;
  }
}

TEST(Config, Words) {
  EXPECT_EQ(good_state("enter = { mains = \"offline\" }").enter,
            one_rule({.sensor = Sensor::mains, .text = "offline"}));
  EXPECT_EQ(good_state("enter = { under_voltage = \"yes\" }").enter,
            one_rule({.sensor = Sensor::under_voltage, .text = "yes"}));
}

TEST(Config, RulesOfAState) {
  const StateRules rules = good_state(R"(
enter = [{ battery = "< 20%", mains = "offline", for = "15s" }, { temperature = ["> 60C", "< 70C"] }]
leave = { battery = "> 25%" })");
  ASSERT_EQ(rules.enter.size(), 2U);
  EXPECT_EQ(rules.enter[0].when, (std::vector<Condition>{{Sensor::battery, true, false, 20, "< 20%"},
                                                         {.sensor = Sensor::mains, .text = "offline"}}));
  EXPECT_EQ(rules.enter[0].hold_for, 15s);
  EXPECT_EQ(rule_text(rules.enter[0]), "battery < 20%, mains offline, for 15s");
  EXPECT_EQ(rules.enter[0].where, "t:5:10");
  EXPECT_EQ(rules.enter[1].when.size(), 2U);
  EXPECT_EQ(rule_text(rules.enter[1]), "temperature > 60C, temperature < 70C");
  EXPECT_EQ(rules.leave.size(), 1U);
}

TEST(Config, LeaveNeedOnlyExcludeTheRulesThatItEnds) {
  good_state(R"(enter = [{ battery = "< 20%" }, { frequency = "< 50%" }]
leave = [{ battery = "> 25%" }, { frequency = "> 60%" }])");
  good_state(R"(enter = { battery = "< 20%", mains = "offline" }
leave = [{ mains = "online" }, { battery = "> 20%" }])");
  good_state(R"(enter = { under_voltage = "yes" }
leave = { under_voltage = "no", for = "1m" })");
}

TEST(Config, EnterAndLeaveThatDoNotOverlap) {
  for (const char* pair : {"< 50%|> 50%", "< 50%|> 51%", "> 80%|< 80%", "> 1GHz|< 900MHz", "< 50%|> 1GHz"}) {
    const std::string text(pair);
    const auto bar = text.find('|');
    good_state("enter = { frequency = \"" + text.substr(0, bar) + "\" }\nleave = { frequency = \"" +
               text.substr(bar + 1) + "\" }");
  }
}

TEST(ConfigErrors, Agent) {
  const std::string name = R"(expected the name of a network interface, a pattern such as "eth*", or "auto")";
  for (const Bad& row : {
           Bad{"interfaces = []", "t:2:14: expected at least one value, found an empty list", ""},
           Bad{"interfaces = 5", "t:2:14: " + name + ", found 5", ""},
           Bad{"interfaces = [\"\"]", name, ""},
           Bad{"interfaces = [\"a\", \"abcdefghijklmnop\"]", "t:2:20: " + name, "1 to 15"},
           Bad{"interfaces = [\"a b\"]", name, ""},
           Bad{"interfaces = [\"../a\"]", name, ""},
           Bad{"interfaces = [\"..\"]", name, ""},
           Bad{"interfaces = [\".\"]", name, ""},
           Bad{"interfaces = [\"eth\\\\*\"]", name, ""},
           Bad{"interfaces = [\"eth/*\"]", name, ""},
           Bad{"interfaces = [\"eth *\"]", name, ""},
           Bad{"interfaces = [\"" + std::string(256, '*') + "\"]", name, ""},
           Bad{"interfaces = [\"eth[0-3\"]", "t:2:15: the pattern \"eth[0-3\" has an open bracket",
               "close it"},
           Bad{"interfaces = [\"eth[!]\"]", "has an open bracket", ""},
           Bad{"interfaces = [\"[a-b]?cdefghijklmnop*\"]", "matches no name", "at most 15"},
           Bad{"interfaces = [\"eth*\", \"eth*\"]", "twice", ""},
           Bad{"interfaces = [\"a:1\"]", name, ""},
           Bad{"interfaces = [\"a\\u0000\"]", name, ""},
           Bad{"interfaces = [\"a\\u00e9\"]", name + ", found \"a\\xc3\\xa9\"", ""},
           Bad{"interfaces = [[\"a\"]]", name + ", found a list", ""},
           Bad{"interfaces = [\"a\", \"b\", \"a\"]", "t:2:25: this value stands in the list twice", ""},
           Bad{"interface = [\"a\"]", "t:2:1: unknown key \"interface\"", "did you mean \"interfaces\""},
           Bad{"interval = 5", "t:2:12: expected a duration", "ms, s, m or h"},
           Bad{"interval = 5.0", "found a decimal number", ""},
           Bad{"interval = nan", "found a decimal number", ""},
           Bad{"interval = 07:32:00", "found a time of day", ""},
           Bad{"interval = 2026-01-01", "found a date", ""},
           Bad{"interval = 2026-01-01T00:00:00Z", "found a date and time", ""},
           Bad{"interval = true", "found true", ""},
           Bad{"interval = {}", "found a table", ""},
           Bad{"interval = \"5\"", "expected a duration", ""},
           Bad{"interval = \"s\"", "expected a duration", ""},
           Bad{"interval = \"1.5s\"", "expected a duration", "whole number"},
           Bad{"interval = \"-5s\"", "expected a duration", ""},
           Bad{"interval = \"5 sec\"", "expected a duration", ""},
           Bad{"interval = \"99ms\"", "from 100ms to 1h, found \"99ms\"", ""},
           Bad{"interval = \"3601s\"", "from 100ms to 1h", ""},
           Bad{"interval = \"99999999999999999999h\"", "expected a duration", ""},
           Bad{"enforcement = \"enforced\"", "t:2:15: expected one of observe, enforce, found \"enforced\"",
               "did you mean \"enforce\""},
           Bad{"enforcement = true", "expected one of observe, enforce, found true", ""},
           Bad{"management_ports = []", "expected at least one value", ""},
           Bad{"management_ports = [0]", "t:2:21: expected a port from 1 to 65535, found 0", ""},
           Bad{"management_ports = [65536]", "found 65536", ""},
           Bad{"management_ports = [9223372036854775807]", "found 9223372036854775807", ""},
           Bad{"management_ports = [99999999999999999999]", "t:2:", "TOML"},
           Bad{"management_ports = [\"22\"]", "expected a port from 1 to 65535, found \"22\"", ""},
           Bad{"management_ports = [22, 22]", "twice", ""},
       })
    expect_bad({"[agent]\n" + row.text + "\n", row.what, row.hint});
}

TEST(ConfigErrors, States) {
  const std::string condition = "expected a threshold";
  for (const Bad& row : {
           Bad{"power_saver]\n", "t:3:8: unknown key \"power_saver\"", "did you mean \"power-saver\""},
           Bad{"critical]\nenters = {}\n", "t:4:1: unknown key \"enters\"", "did you mean \"enter\""},
           Bad{"critical]\nenter = \"< 50%\"\n", "t:4:9: expected a table", "frequency"},
           Bad{"critical]\nenter = {}\n", "t:4:9: a condition needs a sensor", "list of tables"},
           Bad{"critical]\nenter = { freq = \"< 50%\" }\n", "unknown key \"freq\"", "frequency"},
           Bad{"critical]\nenter = { frequency = 50 }\n", "t:4:23: " + condition + R"( such as "< 50%")", ""},
           Bad{"critical]\nenter = { frequency = \"50%\" }\n", condition, "signs"},
           Bad{"critical]\nenter = { frequency = \"< 50\" }\n", condition, "units"},
           Bad{"critical]\nenter = { frequency = \"<= 50%\" }\n", condition, "signs"},
           Bad{"critical]\nenter = { frequency = \"< -5%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"< 5.5.5%\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"< %\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"< 5 THz\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"< 0%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"< 101%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"> 100%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"< 1000GHz\" }\n", "never changes", ""},
           Bad{"critical]\nleave = { frequency = \"> 50%\" }\n", "t:4:9: leave without enter", ""},
           Bad{"critical]\nenter = { batery = \"< 5%\" }\n", "t:4:11: unknown key \"batery\"",
               "did you mean \"battery\""},
           Bad{"critical]\nenter = { battery = \"< 5C\" }\n",
               "expected a threshold such as \"< 50%\", found \"< 5C\"", "unit: %"},
           Bad{"critical]\nenter = { battery = \"< 5GHz\" }\n", condition, "unit: %"},
           Bad{"critical]\nenter = { run_queue = \"> 2%\" }\n", condition, "no unit"},
           Bad{"critical]\nenter = { temperature = \"> 80F\" }\n", "such as \"< 50C\"", "unit: C"},
           Bad{"critical]\nenter = { temperature = \"> 251C\" }\n", "never changes", "no temperature"},
           Bad{"critical]\nenter = { battery = \"< 0%\" }\n", "never changes", "no battery"},
           Bad{"critical]\nenter = { utilisation = \"> 100%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"> 0%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"< 1kHz\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { mains = \"offlin\" }\n", "t:4:19: expected one of online, offline",
               "did you mean \"offline\""},
           Bad{"critical]\nenter = { under_voltage = true }\n", "expected one of yes, no, found true", ""},
           Bad{"critical]\nenter = []\n", "expected at least one value", ""},
           Bad{"critical]\nenter = { battery = [] }\n", "expected at least one value", ""},
           Bad{"critical]\nenter = { for = \"5s\" }\n", "a condition needs a sensor", ""},
           Bad{"critical]\nenter = { battery = \"< 5%\", for = \"0s\" }\n", "from 1ms to 24h", ""},
           Bad{"critical]\nenter = { battery = \"< 5%\", four = \"5s\" }\n", "unknown key \"four\"",
               "did you mean \"for\""},
           Bad{"critical]\nenter = { battery = [\"> 50%\", \"< 30%\"] }\n",
               "t:4:31: \"> 50%\" and \"< 30%\" contradict each other", "list of tables"},
           Bad{"critical]\nenter = { mains = [\"online\", \"offline\"] }\n", "contradict each other", ""},
           Bad{"critical]\nenter = { battery = [\"< 50%\", \"< 30%\"] }\n", "one never decides", "remove"},
           Bad{"critical]\nenter = [{ battery = \"< 5%\" }, { battery = \"< 5%\" }]\n",
               "t:4:32: this rule stands in the list twice", ""},
           Bad{"critical]\nenter = { battery = \"< 5%\" }\nleave = { frequency = \"> 60%\" }\n",
               "t:5:9: leave \"frequency > 60%\" ends no rule of enter", "a sensor that enter names"},
           Bad{"critical]\nenter = [{ battery = \"< 5%\" }, { battery = \"< 20%\", mains = \"offline\" }]\n"
               "leave = { battery = \"> 10%\" }\n",
               "t:5:9: leave \"battery > 10%\" overlaps enter \"battery < 20%, mains offline\" at t:4:32",
               "opposite direction"},
           Bad{"critical]\nenter = { mains = \"offline\" }\nleave = { mains = \"offline\" }\n", "overlaps",
               ""},
           Bad{"critical]\ndwell = 15\n", "expected a duration", ""},
           Bad{"critical]\ndwell = \"25h\"\n", "from 0s to 24h", ""},
           Bad{"balanced]\nenter = { frequency = \"< 50%\" }\n", "t:4:1: balanced takes neither", ""},
           Bad{"balanced]\nleave = { frequency = \"< 50%\" }\n", "t:4:1: balanced takes neither", ""},
           Bad{"critical]\ncpus = \"\"\n", "t:4:8: expected \"efficient\" or a list of CPUs", ""},
           Bad{"critical]\ncpus = \"efficent\"\n", "expected \"efficient\"", ""},
           Bad{"critical]\ncpus = \"3-1\"\n", "expected \"efficient\"", ""},
           Bad{"critical]\ncpus = \"1024\"\n", "expected \"efficient\"", "0 to 1023"},
           Bad{"critical]\ncpus = 0\n", "expected \"efficient\" or a list of CPUs such as \"0-1\", found 0",
               ""},
       })
    expect_bad({agent + "[state." + row.text, row.what, row.hint});
  for (const char* pair :
       {"< 50%|> 49%", "< 50%|< 60%", "> 80%|> 90%", "> 80%|< 81%", "> 1GHz|< 1001MHz", "< 50%|< 1GHz"}) {
    const std::string text(pair);
    const auto bar = text.find('|');
    expect_bad({agent + "[state.performance]\nleave = { frequency = \"" + text.substr(bar + 1) +
                    "\" }\nenter = { frequency = \"" + text.substr(0, bar) + "\" }\n",
                "t:4:9: leave \"frequency " + text.substr(bar + 1) + "\" overlaps enter \"frequency " +
                    text.substr(0, bar) + "\" at t:5:9",
                "opposite direction"});
  }
}

}  // namespace
}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/config.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ebb {
namespace {

using namespace std::chrono_literals;
using Ranges = std::vector<Range16>;

const std::string agent = "[agent]\ninterfaces = [\"eth0\"]\n";

Config good(const std::string& text) {
  const auto config = parse_config(text, "t");
  if (!config) ADD_FAILURE() << config.error().what << "\n" << config.error().hint << "\n" << text;
  return config.value_or(Config{});
}

// A class of one rule; `match` is the inside of the braces.
Rule good_rule(const std::string& match) {
  const auto config = good(agent + "[[class]]\nname = \"c\"\nmatch = [{ " + match + " }]\n");
  return config.classes.empty() || config.classes[0].match.empty() ? Rule{} : config.classes[0].match[0];
}

Treatment good_treatment(const std::string& list) {
  const auto config =
      good(agent + "[[class]]\nname = \"c\"\nmatch = [{}]\ntreat = { critical = " + list + " }\n");
  return config.classes.empty() ? Treatment{} : config.classes[0].treat[3];
}

StateRules good_state(const std::string& lines) {
  return good(agent + "[state.power-saver]\n" + lines + "\n").states[2];
}

Prefix prefix(bool ipv6, std::vector<std::uint8_t> bytes, std::uint8_t length) {
  Prefix p{.ipv6 = ipv6, .length = length};
  std::copy(bytes.begin(), bytes.end(), p.address.begin());
  return p;
}

TEST(Config, TheSmallestHasTheDefaults) {
  const Config c = good(agent);
  EXPECT_EQ(c.interfaces, std::vector<std::string>{"eth0"});
  EXPECT_EQ(c.interval, 5s);
  EXPECT_EQ(c.enforcement, Enforcement::observe);
  EXPECT_EQ(c.management_ports, std::vector<std::uint16_t>{22});
  EXPECT_TRUE(c.classes.empty());
  for (const auto& state : c.states) {
    EXPECT_FALSE(state.configured || state.enter || state.leave || state.cpus.efficient || state.cpus.mask);
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
  EXPECT_EQ(saver.enter, (Threshold{.below = true, .relative = true, .value = 50, .text = "< 50%"}));
  EXPECT_EQ(saver.leave, (Threshold{.below = false, .relative = true, .value = 60, .text = "> 60%"}));
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

TEST(Config, Durations) {
  const std::pair<const char*, std::chrono::milliseconds> rows[] = {
      {"100ms", 100ms}, {"1s", 1s}, {"60m", 1h}, {"1h", 1h}, {" 5 s ", 5s}, {"3600s", 1h}};
  for (const auto& [text, value] : rows)
    EXPECT_EQ(good(agent + "interval = \"" + text + "\"\n").interval, value) << text;
  EXPECT_EQ(good_state("dwell = \"0s\"").dwell, 0s);
}

TEST(Config, Thresholds) {
  struct Row {
    const char* text;
    bool below, relative;
    double value;
  };
  for (const Row& row : {Row{"< 50%", true, true, 50}, Row{">60%", false, true, 60},
                         Row{"> 12.5 %", false, true, 12.5}, Row{"< 800MHz", true, false, 800'000},
                         Row{"> 1.2GHz", false, false, 1'200'000}, Row{"< 600000kHz", true, false, 600'000},
                         Row{"< 800 mhz", true, false, 800'000}, Row{"< 100%", true, true, 100}}) {
    const auto enter = good_state(std::string("enter = { frequency = \"") + row.text + "\" }").enter;
    EXPECT_EQ(enter, (Threshold{row.below, row.relative, row.value, row.text})) << row.text;
  }
}

TEST(Config, EnterAndLeaveThatDoNotOverlap) {
  for (const char* pair : {"< 50%|> 50%", "< 50%|> 51%", "> 80%|< 80%", "> 1GHz|< 900MHz", "< 50%|> 1GHz"}) {
    const std::string text(pair);
    const auto bar = text.find('|');
    good_state("enter = { frequency = \"" + text.substr(0, bar) + "\" }\nleave = { frequency = \"" +
               text.substr(bar + 1) + "\" }");
  }
}

TEST(Config, RulesOfEveryField) {
  EXPECT_EQ(good_rule(R"(ethertype = ["ipv4", "ipv6", "arp", 0x88cc])").ethertype,
            (Ranges{{0x0800, 0x0800}, {0x86dd, 0x86dd}, {0x0806, 0x0806}, {0x88cc, 0x88cc}}));
  EXPECT_EQ(good_rule(R"(proto = ["tcp","udp","icmp","icmpv6","igmp","sctp","gre","esp","ah",0,255])").proto,
            (std::vector<std::uint8_t>{6, 17, 1, 58, 2, 132, 47, 50, 51, 0, 255}));
  EXPECT_EQ(good_rule(R"(sport = 0)").sport, (Ranges{{0, 0}}));
  EXPECT_EQ(good_rule(R"(sport = ["80", " 1 - 65535 "], dport = "7-7")").sport,
            (Ranges{{80, 80}, {1, 65535}}));
  EXPECT_EQ(good_rule(R"(delivery = "broadcast")").delivery, std::vector<Delivery>{Delivery::broadcast});
  EXPECT_EQ(good_rule(R"(delivery = ["unicast", "multicast"])").delivery,
            (std::vector<Delivery>{Delivery::unicast, Delivery::multicast}));
  EXPECT_EQ(good_rule(R"(length = [1500, "64-128", "< 100", "> 1000", "> 65534", "< 65536"])").length,
            (Ranges{{1500, 1500}, {64, 128}, {0, 99}, {1001, 65535}, {65535, 65535}, {0, 65535}}));
  EXPECT_EQ(good_rule("").where, "t:5:10");
}

TEST(Config, Prefixes) {
  EXPECT_EQ(good_rule(R"(src = "192.0.2.1")").src, std::vector<Prefix>{prefix(false, {192, 0, 2, 1}, 32)});
  EXPECT_EQ(good_rule(R"(src = "192.0.2.128/25")").src,
            std::vector<Prefix>{prefix(false, {192, 0, 2, 128}, 25)});
  EXPECT_EQ(good_rule(R"(src = "0.0.0.0/0")").src, std::vector<Prefix>{prefix(false, {}, 0)});
  EXPECT_EQ(good_rule(R"(dst = ["2001:db8::/33", "::1", "10.0.0.0/8"])").dst,
            (std::vector<Prefix>{prefix(true, {0x20, 0x01, 0x0d, 0xb8}, 33),
                                 prefix(true, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128),
                                 prefix(false, {10}, 8)}));
}

TEST(Config, OddRulesThatMatchSomething) {
  good_rule(R"(proto = "icmp", ethertype = "ipv6")");
  good_rule(R"(proto = ["tcp", "icmp"], dport = 80)");
  good_rule(R"(ethertype = ["arp", "ipv4"], proto = "tcp")");
  good_rule(R"(ethertype = "arp", delivery = "broadcast")");
  good_rule(R"(src = ["10.0.0.0/8", "2001:db8::/32"], dst = "::1")");
  good_rule(R"(length = "20-39", src = "10.0.0.1")");
}

TEST(Config, Treatments) {
  EXPECT_EQ(good_treatment(R"("pass")"), Treatment{});
  EXPECT_EQ(good_treatment(R"("drop")"), Treatment{.drop = true});
  EXPECT_EQ(good_treatment(R"(["steer", "trim=padding"])"), (Treatment{.trim_padding = true, .steer = true}));
  EXPECT_EQ(good_treatment(R"(["trim = 64", "steer"])"), (Treatment{.steer = true, .trim = 64}));
  EXPECT_EQ(good_treatment(R"("trim=0")"), Treatment{.trim = 0});
  EXPECT_EQ(good_treatment(R"("trim=65507")"), Treatment{.trim = 65507});
  EXPECT_FALSE(good_treatment(R"("trim=0")").passes());
}

TEST(Config, TrimThatIsAllowed) {
  const std::string head = agent + "[[class]]\nname = \"c\"\ntreat = { critical = \"trim=9\" }\n";
  good(head + "match = { proto = \"udp\", dport = [442, \"444-499\"] }\n");
  good(head + "match = { dport = 53 }\n");
  good(head + "prefix_safe = true\nmatch = { dport = 443 }\n");
  good(agent + "[[class]]\nname = \"c\"\ntreat = { critical = \"trim=padding\" }\nmatch = { dport = 443 }\n");
  good(agent + "[[class]]\nname = \"c\"\ntreat = { critical = \"pass\" }\nmatch = { ethertype = 0x88cc }\n");
}

TEST(Config, SixtyFourClassesAndNotOneMore) {
  std::string text = agent;
  for (int i = 0; i < 64; ++i) text += "[[class]]\nname = \"c" + std::to_string(i) + "\"\nmatch = {}\n";
  EXPECT_EQ(good(text).classes.size(), 64U);
  const auto more = parse_config(text + "[[class]]\nname = \"d\"\nmatch = {}\n", "t");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().what, "t:195:1: more than 64 classes");
}

TEST(Config, MatchAsTablesOfTheirOwn) {
  const Config c =
      good(agent + "[[class]]\nname = \"c\"\n[[class.match]]\nproto = \"udp\"\n[[class.match]]\n");
  ASSERT_EQ(c.classes[0].match.size(), 2U);
  EXPECT_EQ(c.classes[0].match[1].where, "t:7:1");
}

TEST(Config, CommentsMayHoldAnyCharacter) {
  good("# \xc3\xa9 \xff\xfe \"\"\" '''" + std::string("\n") + agent + "interval = \"5s\" # \xef\xbb\xbd\n");
  good(agent + "interval = \"5s\" # \"\xc3\xa9\n# .................................\n");
}

TEST(Config, DottedKeysOnManyLines) {
  std::string text = "agent.interfaces = \"abcdefghijklmno\"\n";
  for (int i = 0; i < 20; ++i)
    text += "[[class]]\nname = \"c" + std::to_string(i) + "\"\nmatch = {}\ntreat.critical = \"drop\"\n";
  EXPECT_TRUE(good(text).classes.at(19).treat[3].drop);
}

TEST(Config, WindowsLineEnds) { good("[agent]\r\ninterfaces = [\"eth0\"]\r\n"); }

// Text, and what the message (or its hint) must say.
struct Bad {
  std::string text, what, hint;
};

void expect_bad(const Bad& row) {
  const auto config = parse_config(row.text, "t");
  ASSERT_FALSE(config) << row.text;
  EXPECT_EQ(config.error().exit_code, 2) << row.text;
  EXPECT_NE(config.error().what.find(row.what), std::string::npos) << row.text << "\n" << config.error().what;
  EXPECT_NE(config.error().hint.find(row.hint), std::string::npos) << row.text << "\n" << config.error().hint;
}

TEST(ConfigErrors, FileAndSyntax) {
  for (const Bad& row : {
           Bad{"", "t:1:1: [agent] names no interfaces", "interfaces = [\"eth0\"]"},
           Bad{"\n[agent]\n", "t:2:1: [agent] names no interfaces", ""},
           Bad{agent + "interval = \n", "t:3:", "TOML"},
           Bad{agent + "interval = 5s\n", "t:3:", "TOML"},
           Bad{agent + agent, "t:3:", "once"},
           Bad{agent + "x = tru\n", "saw 'tru\\x0a'", "TOML"},
           Bad{agent + "[:a]\n", "t:3:2: ", "TOML"},
           Bad{agent + "[<\n", "t:3:2: ", "TOML"},
           Bad{agent + "a.:b = 1\n", "t:3:", "TOML"},
           Bad{agent + "[", "t:3:", "TOML"},
           Bad{agent + "interfaces = [\"b\"]\n", "t:3:", "once"},
           Bad{agent + "[agents]\n", "t:3:2: unknown key \"agents\"", "did you mean \"agent\""},
           Bad{agent + "[classes]\n", "unknown key \"classes\"", "did you mean \"class\""},
           Bad{agent + "[xyzzy]\n", "unknown key \"xyzzy\"", "allowed: agent, state, class"},
           Bad{agent + "\"a\\u0000\\u001b\" = 1\n", "t:3:1: unknown key \"a\\x00\\x1b\"", "interval"},
           Bad{"agent = 1\n", "t:1:9: expected a table, found 1", "interfaces"},
           Bad{"agent = [{ interfaces = \"a\" }]\n", "expected a table, found a list", ""},
           Bad{agent + "[[state]]\n", "expected a table, found a list", "power-saver"},
           Bad{agent + "class = 1\n[x]\n", "", ""},
           Bad{"class = []\n" + agent, "t:1:9: expected at least one value, found an empty list", ""},
           Bad{agent + "interval = \"5\xc2\xb5s\"\n", "t:3:14: a character that is not ASCII (byte 0xc2)",
               "comments"},
           Bad{agent + "x\xef\xbb\xbd = 1\n", "t:3:2: a character that is not ASCII", "comments"},
           Bad{"\xef\xbb\xbf" + agent, "t:1:1: the file starts with a byte order mark", "plain text"},
           Bad{agent + "# \"\n\xc3", "t:4:1: a character that is not ASCII", ""},
           Bad{agent + "i = \"\\\"\xc3\"", "t:3:8: a character that is not ASCII", ""},
           Bad{agent + "i = \"\\\"#\xc3\"", "t:3:9: a character that is not ASCII", ""},
           Bad{agent + "i = '\\' # \xc3\n", "unknown key \"i\"", ""},
           Bad{agent + std::string("\0", 1), "t:3:1: a control character (byte 0x00)", "text file"},
           Bad{agent + "# a\rb\n", "t:3:4: a control character (byte 0x0d)", ""},
           Bad{agent + "interval = \"\"\"5s\"\"\"\n", "t:3:12: a multi-line string", "one line"},
           Bad{agent + "interval = '''5s'''\n", "t:3:12: a multi-line string", "one line"},
           Bad{agent + "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r = 1\n", "t:3:34: a key of too many parts",
               "two parts"},
           Bad{agent + "x = " + std::string(40, '[') + std::string(40, ']') + "\n", "t:3:", "TOML"},
           Bad{std::string((1 << 20) + 1, '\n'), "t is larger than 1 MiB", "right file"},
       })
    expect_bad(row);
}

TEST(ConfigErrors, DeepKeysDoNotExhaustTheStack) {
  std::string deep = "a";
  for (int i = 0; i < 500'000; ++i) deep += ".a";
  expect_bad({deep + " = 1\n", "too many parts", ""});
  expect_bad({"[" + deep + "]\n", "too many parts", ""});
}

TEST(ConfigErrors, Agent) {
  const std::string name = "expected the name of a network interface";
  for (const Bad& row : {
           Bad{"interfaces = []", "t:2:14: expected at least one value, found an empty list", ""},
           Bad{"interfaces = 5", "t:2:14: " + name + ", found 5", ""},
           Bad{"interfaces = [\"\"]", name, ""},
           Bad{"interfaces = [\"a\", \"abcdefghijklmnop\"]", "t:2:20: " + name, "1 to 15"},
           Bad{"interfaces = [\"a b\"]", name, ""},
           Bad{"interfaces = [\"../a\"]", name, ""},
           Bad{"interfaces = [\"..\"]", name, ""},
           Bad{"interfaces = [\"eth*\"]", name, "no patterns"},
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
           Bad{"critical]\nenter = {}\n", "t:4:9: a condition needs frequency", ""},
           Bad{"critical]\nenter = { freq = \"< 50%\" }\n", "unknown key \"freq\"", "frequency"},
           Bad{"critical]\nenter = { frequency = 50 }\n", "t:4:23: " + condition + R"( such as "< 50%")", ""},
           Bad{"critical]\nenter = { frequency = \"50%\" }\n", condition, "signs"},
           Bad{"critical]\nenter = { frequency = \"< 50\" }\n", condition, "units"},
           Bad{"critical]\nenter = { frequency = \"<= 50%\" }\n", condition, "signs"},
           Bad{"critical]\nenter = { frequency = \"< -5%\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"< 5.5.5%\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"< %\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"< 5 THz\" }\n", condition, ""},
           Bad{"critical]\nenter = { frequency = \"< 0%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"< 101%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"> 100%\" }\n", "never changes", ""},
           Bad{"critical]\nenter = { frequency = \"< 1000GHz\" }\n", "never changes", ""},
           Bad{"critical]\nleave = { frequency = \"> 50%\" }\n", "t:4:9: leave without enter", ""},
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
                "t:4:9: leave \"" + text.substr(bar + 1) + "\" overlaps enter", "opposite direction"});
  }
}

TEST(ConfigErrors, Rules) {
  const std::string nothing = "t:5:10: no packet can match this rule";
  for (const Bad& row : {
           Bad{"dports = 1", "t:5:12: unknown key \"dports\"", "did you mean \"dport\""},
           Bad{"proto = \"upd\"", "t:5:20: expected one of tcp, udp", "did you mean \"udp\""},
           Bad{"proto = 256", "expected an IP protocol from 0 to 255, found 256", ""},
           Bad{"proto = -1", "found -1", ""},
           Bad{"proto = []", "expected at least one value", ""},
           Bad{"proto = [\"udp\", 1.5]", "t:5:28: expected one of", ""},
           Bad{"ethertype = \"ip\"", "expected one of ipv4, ipv6, arp, or a number like 0x88cc", "ipv4"},
           Bad{"ethertype = 0x5ff", "expected an ethertype from 0x0600 to 0xffff, found 1535", ""},
           Bad{"ethertype = 0x10000", "expected an ethertype", ""},
           Bad{"dport = 65536", "expected a port from 0 to 65535", ""},
           Bad{"dport = -1", "expected a port", ""},
           Bad{"dport = \"80-\"", "expected a port", ""},
           Bad{"dport = \"80-90-100\"", "expected a port", ""},
           Bad{"dport = \"65536\"", "expected a port", ""},
           Bad{"dport = \"+80\"", "expected a port", ""},
           Bad{"dport = \"http\"", "expected a port", ""},
           Bad{"dport = \"< 80\"", "expected a port", ""},
           Bad{"dport = \"90-80\"", "the range \"90-80\" is empty", "\"80-90\""},
           Bad{"dport = [[80]]", "expected a port", ""},
           Bad{"sport = {}", "found a table", ""},
           Bad{"length = \"<= 80\"", "expected a length", ""},
           Bad{"length = \"< 0\"", "is no length at all", "0 to 65535"},
           Bad{"length = \"> 65535\"", "is no length at all", ""},
           Bad{"length = 65536", "expected a length", ""},
           Bad{"delivery = \"anycast\"", "expected one of unicast, multicast, broadcast", "unicast"},
           Bad{"delivery = 1", "expected one of unicast, multicast, broadcast, found 1", ""},
           Bad{"src = \"192.0.2.1/24\"", "address bits behind its length", "did you mean \"192.0.2.0/24\""},
           Bad{"src = \"128.0.0.0/0\"", "address bits", "\"0.0.0.0/0\""},
           Bad{"dst = [\"2001:db8::1/127\"]", "t:5:19: \"2001:db8::1/127\" has", "\"2001:db8::/127\""},
           Bad{"src = \"192.0.2.0/33\"", "expected an address or prefix", ""},
           Bad{"src = \"::/129\"", "expected an address or prefix", ""},
           Bad{"src = \"10.0.0.0/\"", "expected an address or prefix", ""},
           Bad{"src = \"10.0.0.0/+8\"", "expected an address or prefix", ""},
           Bad{"src = \"10/8\"", "expected an address or prefix", ""},
           Bad{"src = \"10.0.0.1\\u0000\"", "expected an address or prefix", ""},
           Bad{"src = \"fe80::1%eth0\"", "expected an address or prefix", ""},
           Bad{"src = \"example.org\"", "expected an address or prefix", ""},
           Bad{"src = 10", "expected an address or prefix", ""},
           Bad{"proto = \"icmp\", dport = 80", nothing, "exclude"},
           Bad{"proto = [\"icmp\", \"sctp\"], sport = 80", nothing + ": ports are read in TCP and UDP only",
               ""},
           Bad{"ethertype = \"arp\", proto = \"udp\"", nothing + ": only IPv4 and IPv6", ""},
           Bad{"ethertype = 0x88cc, dport = 1", nothing, ""},
           Bad{"ethertype = \"arp\", length = 100", nothing, ""},
           Bad{"ethertype = \"arp\", src = \"10.0.0.1\"", nothing, ""},
           Bad{"ethertype = \"ipv4\", src = \"::1\"", nothing + ": the addresses and the ethertype", ""},
           Bad{"ethertype = [\"arp\", \"ipv6\"], dst = \"10.0.0.1\"", nothing, ""},
           Bad{"src = \"10.0.0.1\", dst = [\"::1\", \"::2\"]",
               nothing + ": src and dst have no address family", ""},
           Bad{"length = \"< 20\"", nothing + ": an IPv4 packet is at least 20 bytes long", ""},
           Bad{"length = [39, 20], src = \"::1\"", nothing + ": an IPv6 packet is at least 40", ""},
       })
    expect_bad({agent + "[[class]]\nname = \"c\"\nmatch = [{ " + row.text + " }]\n", row.what, row.hint});
}

TEST(ConfigErrors, Classes) {
  const std::string name = "expected a name of at most 31 characters";
  const std::string ok = "name = \"c\"\nmatch = [{}]\n";
  for (const Bad& row : {
           Bad{"match = [{}]\n", "t:3:1: this class has no name", "name = "},
           Bad{"name = \"c\"\n", "t:3:1: this class has no match", "match = "},
           Bad{"name = \"c\"\nmatch = []\n", "t:5:9: expected at least one value", ""},
           Bad{"name = \"c\"\nmatch = \"udp\"\n", "expected a table, found \"udp\"", "proto"},
           Bad{"name = \"\"\n", "t:4:8: " + name, ""},
           Bad{"name = \"A\"\n", name, ""},
           Bad{"name = \"a b\"\n", name, ""},
           Bad{"name = \"-a\"\n", name, ""},
           Bad{"name = \"_a\"\n", name, ""},
           Bad{"name = 1\n", name + ": a-z, 0-9, - and _, not starting with - or _, found 1", ""},
           Bad{"name = \"a1234567890123456789012345678901\"\n", name, ""},
           Bad{ok + "kind = \"urgnt\"\n", "t:6:8: expected one of urgent, bulk, background",
               "did you mean \"urgent\""},
           Bad{ok + "prefix_safe = 1\n", "expected true or false, found 1", ""},
           Bad{ok + "treat = \"drop\"\n", "expected a table", "power-saver"},
           Bad{ok + "treat = { powersaver = \"drop\" }\n", "unknown key \"powersaver\"",
               "did you mean \"power-saver\""},
           Bad{ok + "treat = { critical = [] }\n", "expected at least one value", ""},
           Bad{ok + "treat = { critical = \"dorp\" }\n", "t:6:22: expected one of pass, drop",
               "did you mean \"drop\""},
           Bad{ok + "treat = { critical = \"trim\" }\n", "expected one of", "trim=N"},
           Bad{ok + "treat = { critical = 5 }\n",
               "expected one of pass, drop, trim=padding, trim=N, steer, found 5", ""},
           Bad{ok + "treat = { critical = \"trim=N\" }\n", "expected \"trim=padding\" or \"trim=N\"", ""},
           Bad{ok + "treat = { critical = \"trim=65508\" }\n", "0 to 65507, found \"trim=65508\"", ""},
           Bad{ok + "treat = { critical = \"trim=-1\" }\n", "0 to 65507", ""},
           Bad{ok + "treat = { critical = \"trim=\" }\n", "0 to 65507", ""},
           Bad{ok + "treat = { critical = [\"drop\", \"steer\"] }\n", "t:6:22: \"drop\" stands with", ""},
           Bad{ok + "treat = { critical = [\"trim=padding\", \"drop\"] }\n", "\"drop\" stands with", ""},
           Bad{ok + "treat = { critical = [\"trim=1\", \"drop\"] }\n", "\"drop\" stands with", ""},
           Bad{ok + "treat = { critical = [\"pass\", \"steer\"] }\n", "\"pass\" stands with", ""},
           Bad{ok + "treat = { critical = [\"drop\", \"pass\"] }\n", "\"pass\" stands with", ""},
           Bad{ok + "treat = { critical = [\"steer\", \"steer\"] }\n", "t:6:32: \"steer\" stands here twice",
               ""},
           Bad{ok + "treat = { critical = [\"trim=1\", \"trim=2\"] }\n", "two trims", ""},
           Bad{ok + "treat = { critical = [\"trim=1\", \"trim=1\"] }\n", "two trims", ""},
           Bad{ok + "treat = { critical = [\"trim=padding\", \"trim=2\"] }\n",
               "\"trim=N\" stands with \"trim=padding\"", "implies"},
           Bad{ok + "[[class]]\nname = \"c\"\nmatch = [{}]\n",
               "t:7:8: a second class \"c\": the first is at t:3:1", ""},
       })
    expect_bad({agent + "[[class]]\n" + row.text, row.what, row.hint});
}

TEST(ConfigErrors, TreatmentsThatContradictTheRules) {
  for (const Bad& row : {
           Bad{"{ ethertype = \"arp\" }|drop",
               "the rule at t:5:11 names an ethertype other than IPv4 and IPv6", "pass"},
           Bad{"{ ethertype = [\"ipv4\", 0x88cc] }|steer", "names an ethertype other than", ""},
           Bad{"{ ethertype = 0x88cc }|trim=padding", "names an ethertype other than", ""},
           Bad{"{ ethertype = 0x88cc }|trim=4", "names an ethertype other than", ""},
           Bad{"{ proto = \"tcp\" }|trim=4", "t:6:22: trim=N shortens UDP only, and the rule at t:5:11", ""},
           Bad{"{ proto = \"udp\" }, { proto = [\"udp\", \"icmp\"] }|trim=4",
               "the rule at t:5:30 names another", ""},
           Bad{"{ dport = 443 }|trim=4", "would break port 443", "prefix_safe"},
           Bad{"{ sport = 500 }|trim=4", "would break port 500", ""},
           Bad{"{ dport = [1, 853] }|trim=4", "would break port 853", ""},
           Bad{"{ dport = 4433 }|trim=4", "would break port 4433", ""},
           Bad{"{ dport = \"4500-4501\" }|trim=4", "would break port 4500", ""},
           Bad{"{ dport = \"5683-5684\" }|trim=4", "would break port 5684", ""},
           Bad{"{ dport = \"51820\" }|trim=4", "would break port 51820", ""},
       }) {
    const auto bar = row.text.find('|');
    expect_bad({agent + "[[class]]\nname = \"c\"\nmatch = [ " + row.text.substr(0, bar) +
                    " ]\ntreat = { critical = [ \"" + row.text.substr(bar + 1) + "\" ] }\n",
                row.what, row.hint});
  }
}

TEST(ConfigErrors, TheFirstOneOfTheFileIsTold) {
  expect_bad({"[agent]\nzzz = 1\naaa = 1\n", "t:2:1: unknown key \"zzz\"", ""});
}

class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ebb-config-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Error error_of(const std::string& path) {
    const auto config = load_config(path);
    EXPECT_FALSE(config);
    return config ? Error{} : config.error();
  }
  std::string folder_;
};

TEST_F(ConfigFile, IsReadAndNamedInErrors) {
  const std::string path = folder_ + "/a.toml";
  std::ofstream(path) << agent;
  EXPECT_TRUE(load_config(path));
  std::ofstream(path) << "[agent]\nx = 1\n";
  EXPECT_EQ(error_of(path).what, path + ":2:1: unknown key \"x\"");
}

TEST_F(ConfigFile, ThatIsMissing) {
  const Error error = error_of(folder_ + "/none.toml");
  EXPECT_EQ(error.what, "there is no configuration file " + folder_ + "/none.toml");
  EXPECT_NE(error.hint.find("example"), std::string::npos);
  EXPECT_EQ(error.exit_code, 2);
}

TEST_F(ConfigFile, ThatIsADirectory) {
  EXPECT_EQ(error_of(folder_).what, folder_ + " is a directory");
  EXPECT_EQ(error_of(folder_).exit_code, 2);
}

TEST_F(ConfigFile, ThatIsTooLarge) {
  const std::string path = folder_ + "/large.toml";
  std::ofstream(path) << agent << std::string(2 << 20, '#');
  EXPECT_EQ(error_of(path).what, path + " is larger than 1 MiB");
}

TEST_F(ConfigFile, ThatMayNotBeRead) {
  const std::string path = folder_ + "/secret.toml";
  std::ofstream(path) << agent;
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  const uid_t me = geteuid();
  if (me == 0) {
    ASSERT_EQ(seteuid(65534), 0);  // root may read every file
  }
  const Error error = error_of(path);
  ASSERT_EQ(seteuid(me), 0);
  EXPECT_EQ(error.what, "cannot read " + path + ": Permission denied");
  EXPECT_EQ(error.exit_code, 2);
  EXPECT_NE(error.hint.find("permissions"), std::string::npos);
}

TEST(ConfigShipped, TheDefaultFileObserves) {
  const auto config = load_config(EBB_SOURCE_DIR "/packaging/agent.toml");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->enforcement, Enforcement::observe);
  EXPECT_TRUE(config->classes.empty());
}

// Every example that the file shows in comments is valid once its "#: " is removed.
TEST(ConfigShipped, ItsCommentedExamplesAreValid) {
  std::ifstream file(EBB_SOURCE_DIR "/packaging/agent.toml");
  std::string text;
  for (std::string line; std::getline(file, line);)
    text += (line.rfind("#:", 0) == 0 ? line.substr(2) : line) + "\n";
  const Config config = good(text);
  EXPECT_GE(config.classes.size(), 3U);
  EXPECT_TRUE(config.states[2].configured);
}

}  // namespace
}  // namespace ebb

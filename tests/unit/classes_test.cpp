// SPDX-License-Identifier: GPL-2.0-or-later
// Classes and their treatments.
#include "config_support.hpp"

namespace ebb::test {
namespace {

TEST(Config, Treatments) {
  EXPECT_EQ(good_treatment(R"("pass")"), Treatment{});
  EXPECT_EQ(good_treatment(R"("drop")"), Treatment{.drop = true});
  EXPECT_EQ(good_treatment(R"(["steer", "trim=padding"])"), (Treatment{.trim_padding = true, .steer = true}));
  EXPECT_EQ(good_treatment(R"(["trim = 64", "steer"])"), (Treatment{.steer = true, .trim = 64}));
  EXPECT_EQ(good_treatment(R"("trim=0")"), Treatment{.trim = 0});
  EXPECT_EQ(good_treatment(R"("trim=65507")"), Treatment{.trim = 65507});
  EXPECT_FALSE(good_treatment(R"("trim=0")").passes());
  EXPECT_EQ(good_treatment(R"("answer")"), Treatment{.answer = true});
  for (const char* limit : {"limit=50", "limit=50pps", "limit = 50 pps", "limit=50 pps"})
    EXPECT_EQ(good_treatment('"' + std::string(limit) + '"'), Treatment{.limit = 50}) << limit;
  EXPECT_EQ(good_treatment(R"("limit=1")"), Treatment{.limit = 1});
  EXPECT_EQ(good_treatment(R"("limit=1000000")"), Treatment{.limit = 1'000'000});
  EXPECT_EQ(good_treatment(R"(["answer", "limit=9", "trim=4", "steer"])"),
            (Treatment{.steer = true, .answer = true, .trim = 4, .limit = 9}));
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
  for (int i = 0; i < 64; ++i)
    text +=
        "[[class]]\nname = \"c" + std::to_string(i) + "\"\nmatch = { dport = " + std::to_string(i) + " }\n";
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

TEST(Config, TreatmentsThatFitTheRules) {
  for (const char* row :
       {"{}|answer", "{ ethertype = \"arp\" }|answer", "{ ethertype = [\"arp\", \"ipv4\", \"ipv6\"] }|answer",
        "{ proto = [\"icmp\", \"icmpv6\"] }|answer", "{ proto = [\"udp\", \"icmp\"], to = \"us\" }|answer",
        "{ proto = \"icmpv6\", delivery = \"multicast\" }|answer",
        "{ ethertype = \"arp\", delivery = \"broadcast\" }|answer",
        "{ length = \"< 100\", vlan = 3, dscp = 0 }|answer", "{ ethertype = \"ipv4\" }|answer\", \"steer",
        "{ to = \"forwarded\" }|steer", "{ to = \"us\" }|drop", "{ to = [\"us\", \"forwarded\"] }|pass",
        "{ tcp_flags = \"syn\" }|trim=padding"}) {
    const std::string text(row);
    const auto bar = text.find('|');
    good(agent + "[[class]]\nname = \"c\"\nmatch = [ " + text.substr(0, bar) +
         " ]\ntreat = { critical = [ \"" + text.substr(bar + 1) + "\" ] }\n");
  }
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
               "expected one of pass, drop, trim=padding, trim=N, answer, limit=N, steer, found 5", ""},
           Bad{ok + "treat = { critical = \"limit\" }\n", "expected one of", "limit=N"},
           Bad{ok + "treat = { critical = \"limit=0\" }\n",
               "t:6:22: expected \"limit=N\" or \"limit=N pps\" with N from 1 to 1000000", "drop"},
           Bad{ok + "treat = { critical = \"limit=1000001\" }\n", "from 1 to 1000000", ""},
           Bad{ok + "treat = { critical = \"limit=pps\" }\n", "from 1 to 1000000", ""},
           Bad{ok + "treat = { critical = \"limit=\" }\n", "from 1 to 1000000", ""},
           Bad{ok + "treat = { critical = \"limit=5 kpps\" }\n", "from 1 to 1000000", ""},
           Bad{ok + "treat = { critical = [\"limit=5\", \"limit=5pps\"] }\n", "t:6:34: two limits", "keep"},
           Bad{ok + "treat = { critical = [\"answer\", \"answer\"] }\n", "\"answer\" stands here twice", ""},
           Bad{ok + "treat = { critical = [\"drop\", \"limit=5\"] }\n", "\"drop\" stands with", ""},
           Bad{ok + "treat = { critical = [\"answer\", \"drop\"] }\n", "\"drop\" stands with", ""},
           Bad{ok + "treat = { critical = [\"answer\", \"pass\"] }\n", "\"pass\" stands with", ""},
           Bad{ok + "treat = { critical = [\"pass\", \"limit=5\"] }\n", "\"pass\" stands with", ""},
           Bad{ok + "treat = { critical = \"answers\" }\n", "expected one of", "did you mean \"answer\""},
           Bad{ok + "treat = { critical = \"defer\" }\n",
               "t:6:22: defer works on egress, which this version does not have", "limit"},
           Bad{ok + "treat = { critical = [\"steer\", \"defer = 20ms\"] }\n", "t:6:32: defer works on egress",
               ""},
           Bad{ok + "treat = { critical = { defer = { window = \"20ms\" } } }\n",
               "t:6:22: defer works on egress", ""},
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
           Bad{"{ tcp_flags = \"ack\" }|trim=4",
               "trim=N shortens UDP only, and the rule at t:5:11 names TCP flags", ""},
           Bad{"{ ethertype = \"arp\" }|limit=4", "names an ethertype other than", ""},
           Bad{"{ ethertype = \"arp\" }|answer\", \"steer", "names an ethertype other than", ""},
           Bad{"{ to = \"forwarded\" }|drop",
               "t:6:22: the rule at t:5:11 names forwarded packets, which are never dropped", "steer"},
           Bad{"{ to = [\"us\", \"forwarded\"] }|limit=4", "names forwarded packets", ""},
           Bad{"{ to = \"us\" }, { to = \"forwarded\" }|trim=padding", "the rule at t:5:26 names forwarded",
               ""},
           Bad{"{ to = \"forwarded\" }|trim=4", "names forwarded packets", ""},
           Bad{"{ ethertype = 0x88cc }|answer", "names an ethertype that cannot be answered",
               "ARP, ICMP and"},
           Bad{"{ ethertype = [\"arp\", 0x88cc] }|answer", "names an ethertype that cannot be answered", ""},
           Bad{"{ proto = \"udp\" }|answer", "t:6:22: no packet of the rule at t:5:11 can be answered",
               "no ports"},
           Bad{"{}, { dport = 7 }|answer", "no packet of the rule at t:5:15 can be answered", ""},
           Bad{"{ listener = \"none\" }|answer", "can be answered", ""},
           Bad{"{ tcp_flags = \"syn\" }|answer", "can be answered", ""},
           Bad{"{ service = \"a.service\" }|answer", "can be answered", ""},
           Bad{"{ to = \"forwarded\" }|answer", "can be answered", ""},
           Bad{"{ proto = \"icmp\", ethertype = \"ipv6\" }|answer", "can be answered", ""},
           Bad{"{ proto = \"icmpv6\", src = \"10.0.0.0/8\" }|answer", "can be answered", ""},
           Bad{"{ proto = \"icmp\", delivery = \"multicast\" }|answer", "can be answered", ""},
           Bad{"{ proto = \"icmpv6\", delivery = \"broadcast\" }|answer", "can be answered", ""},
       }) {
    const auto bar = row.text.find('|');
    expect_bad({agent + "[[class]]\nname = \"c\"\nmatch = [ " + row.text.substr(0, bar) +
                    " ]\ntreat = { critical = [ \"" + row.text.substr(bar + 1) + "\" ] }\n",
                row.what, row.hint});
  }
}

}  // namespace
}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// The pages of explain and why-dropped: golden ones, and what holds for any reply whatever.
#include <gtest/gtest.h>

#include "agentctl/packet_pages.hpp"
#include "agentctl/text.hpp"

namespace ebb {
namespace {

using nlohmann::json;

const char* const explained = R"json({"more": 0, "explanations": [{
  "about": "udp *:20001", "interface": "eth0", "hook": "tcx", "bytes": 64, "enforcement": "observe",
  "packet": {"ethertype": 2048, "proto": "udp", "src": "192.0.2.2", "sport": 4000, "dst": "192.0.2.1",
    "dport": 20001, "delivery": "unicast", "length": 28, "vlan": 10, "dscp": "ef", "tcp_flags": null},
  "class": "chatter", "kind": "background", "rule": "/etc/ebb/agent.toml:8:10", "state": "power-saver",
  "treatment": "drop", "verdict": "drop", "reason": null, "protected": null,
  "why": "its class says drop in power-saver",
  "listener": {"found": false, "why": "no socket of this machine wants it"},
  "service": {"name": null, "why": "no cgroup v2 is mounted"},
  "states": [
    {"state": "balanced", "verdict": "pass", "why": "its class says pass in this state"},
    {"state": "power-saver", "verdict": "drop", "why": "its class says drop in power-saver"}]}]})json";

const char* const explained_page =
    R"page( DROP  would be done in power-saver: Ebb observes                     eth0 · tcx
 to the socket    udp *:20001
 packet           udp 192.0.2.2:4000 → 192.0.2.1:20001
                  unicast · 28 bytes of IP · frame of 64 bytes · vlan 10
                  dscp ef
 class            chatter (background)
 rule             /etc/ebb/agent.toml:8:10
 treatment        drop
 because          its class says drop in power-saver
 listener         no: no socket of this machine wants it
 service          not known: no cgroup v2 is mounted

 In every power state ─────────────────────────────────────────────────────────
   balanced       pass        its class says pass in this state
 ▸ power-saver    drop        its class says drop in power-saver
)page";

const char* const dropped = R"json({"drops": [
  {"age_seconds": 2.04, "interface": "eth0", "ethertype": 34525, "proto": "udp", "src": "2001:db8::2",
    "sport": 5353, "dst": "ff02::fb", "dport": 5353, "bytes": 120, "class": "chatter",
    "rule": "/etc/ebb/conf.d/10-site-of-a-very-long-name.toml:120:11", "state": "power-saver",
    "verdict": "drop", "carried_out": true},
  {"age_seconds": 3700, "interface": "wwan0", "ethertype": 2048, "proto": "icmp", "src": "192.0.2.2",
    "sport": null, "dst": "192.0.2.1", "dport": null, "bytes": 98, "class": "ping", "rule": null,
    "state": "critical", "verdict": "limit", "carried_out": false}]})json";

const char* const dropped_page =
    R"page( age         interface       verdict     packet, class, rule
 2.0 s       eth0            drop        udp [2001:db8::2]:5353 →
                                         [ff02::fb]:5353, 120 bytes
                                         chatter in power-saver
                                         …0-site-of-a-very-long-name.toml:120:11
 1 h 1 min   wwan0           would limit icmp 192.0.2.2 → 192.0.2.1, 98 bytes
                                         ping in critical
                                         by a policy before this one
)page";

std::string stripped(std::string page) {
  for (std::size_t begin; (begin = page.find("\x1b[")) != std::string::npos;)
    page.erase(begin, page.find('m', begin) - begin + 1);
  return page;
}

void expect_narrow(const std::string& page) {
  for (std::size_t begin = 0, end; (end = page.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const auto line = page.substr(begin, end - begin);
    EXPECT_LE(width_of(line), 80U) << line;
    EXPECT_EQ(sanitised(line), line);
  }
}

TEST(PacketPages, ExplainIsTheGoldenOne) {
  EXPECT_EQ(render_explain(json::parse(explained), {}), explained_page);
  EXPECT_EQ(stripped(render_explain(json::parse(explained), {.colour = true})), explained_page);
  expect_narrow(explained_page);
}

TEST(PacketPages, DropsAreTheGoldenOnes) {
  EXPECT_EQ(render_drops(json::parse(dropped), {}), dropped_page);
  EXPECT_EQ(stripped(render_drops(json::parse(dropped), {.colour = true})), dropped_page);
  expect_narrow(dropped_page);
}

TEST(PacketPages, SayWhenNothingWasDropped) {
  EXPECT_EQ(render_drops(json::parse(R"({"drops": []})"), {}),
            " nothing was dropped since the maps were made\n");
}

// Every member replaced by values of every type, and left out: never a crash, a wide line or a control
// character.
TEST(PacketPages, TakeAnyReply) {
  const json values[] = {nullptr,
                         true,
                         -1,
                         1e300,
                         std::string(300, 'x'),
                         "a\x1b[2J\xff\nb",
                         json::array({1, "b"}),
                         json::object({{"found", "x"}})};
  for (const char* text : {explained, dropped}) {
    const json whole = json::parse(text).flatten();
    for (const auto& [path, unused] : whole.items())
      for (const auto& value : values) {
        json one = json::parse(text);
        one[json::json_pointer(path)] = value;
        expect_narrow(render_explain(one, {}));
        expect_narrow(render_drops(one, {}));
        json flat = whole;
        flat.erase(path);
        expect_narrow(render_explain(flat.unflatten(), {}));
      }
  }
}

}  // namespace
}  // namespace ebb

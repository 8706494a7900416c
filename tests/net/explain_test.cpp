// SPDX-License-Identifier: GPL-2.0-or-later
// explain and why-dropped over the real agent: what they say is what happens to packets.
#include <gtest/gtest.h>

#include "agent.hpp"
#include "lab.hpp"
#include "stream.hpp"

namespace ebb::test {
namespace {

using nlohmann::json;

const std::string configuration = R"([agent]
interfaces = ["node0"]
interval = "200ms"
enforcement = "enforce"
[[class]]
name = "doomed"
match = [{ proto = "udp", sport = [9] }, { proto = "udp", dport = [20001] }]
treat = { balanced = "drop" }
[[class]]
name = "nobody"
match = [{ proto = "udp", dport = ["21000-21001"], listener = "none" }]
treat = { balanced = "drop" }
)";

json asked(const std::string& words) {
  const auto answer = answer_to("'" + program("agentctl") + "' " + words + " --json");
  EXPECT_EQ(answer.code, 0) << answer.text;
  return json::parse(answer.text, nullptr, false);
}

json explained(const std::string& words) { return asked("explain " + words)["explanations"][0]; }

class Explain : public testing::Test {
 protected:
  Lab lab;
};

TEST_F(Explain, NamesTheRuleAndTheVerdictOfEveryState) {
  Agent agent(configuration);
  const auto doomed = explained("--src 192.0.2.2 --sport 4000 --dst 192.0.2.1 --dport 20001");
  EXPECT_EQ(doomed["verdict"], "drop") << doomed.dump(2);
  EXPECT_EQ(doomed["class"], "doomed");
  EXPECT_TRUE(doomed["rule"].get<std::string>().ends_with("agent.toml:7:42")) << doomed["rule"];
  EXPECT_EQ(doomed["states"].size(), 4U);
  for (const auto& one : doomed["states"])
    EXPECT_EQ(one["verdict"], one["state"] == "balanced" ? "drop" : "pass") << one.dump();

  const auto ssh = explained("--proto tcp --dst 192.0.2.1 --dport 22");
  EXPECT_EQ(ssh["reason"], "protected-management");
  const auto arp = explained(
      "--packet ffffffffffff0200000000020806000108000604000102000000000200000000000000000000c0000201");
  EXPECT_EQ(arp["reason"], "protected-arp");
  const auto other = explained("--dst 192.0.2.1 --dport 9999");
  EXPECT_EQ(other["class"], nullptr);
  EXPECT_EQ(other["reason"], "unclassified");
}

// The page, the sockets and the packets agree.
TEST_F(Explain, KnowsWhoListens) {
  Agent agent(configuration);
  const auto none = explained("--dst 192.0.2.1 --dport 21000");
  EXPECT_EQ(none["listener"]["found"], false);
  EXPECT_EQ(none["verdict"], "drop") << none.dump(2);
  const Stream stream(lab, 21000, 500);  // its receiver listens, and connects to the first that sends
  EXPECT_TRUE(wait_for(3000, [&] { return stream.arrives(); }));
  const auto stranger = explained("--dst 192.0.2.1 --dport 21000 --src 192.0.2.99 --sport 1");
  EXPECT_EQ(stranger["listener"]["found"], false);
  const auto open = traffic::udp_receiver_socket(traffic::endpoint(node_ipv4, 21001).value());
  ASSERT_TRUE(open);
  const auto some = explained("--dst 192.0.2.1 --dport 21001");
  EXPECT_EQ(some["listener"]["found"], true);
  EXPECT_EQ(some["verdict"], "pass") << some.dump(2);
  const auto flow = explained("--flow 21000");
  EXPECT_FALSE(flow["about"].is_null());
  EXPECT_EQ(flow["listener"]["found"], true);
  EXPECT_EQ(flow["verdict"], "pass") << flow.dump(2);
  EXPECT_EQ(flow["packet"]["dport"], 21000);
  EXPECT_EQ(answer_to("'" + program("agentctl") + "' explain --flow 9").code, 1);
}

TEST_F(Explain, RemembersWhatWasDropped) {
  Agent agent(configuration);
  EXPECT_EQ(asked("why-dropped")["drops"].size(), 0U);
  const Stream stream(lab, 20001, 500);
  EXPECT_TRUE(wait_for(3000, [] { return asked("why-dropped")["drops"].size() == 32; }));
  const auto last = asked("why-dropped")["drops"][0];
  EXPECT_EQ(last["class"], "doomed") << last.dump(2);
  EXPECT_TRUE(last["rule"].get<std::string>().ends_with("agent.toml:7:42")) << last.dump(2);
  EXPECT_EQ(last["interface"], "node0");
  EXPECT_EQ(last["src"], neighbour_ipv4);
  EXPECT_EQ(last["dst"], node_ipv4);
  EXPECT_EQ(last["dport"], 20001);
  EXPECT_EQ(last["state"], "balanced");
  EXPECT_EQ(last["carried_out"], true);
  EXPECT_LT(last["age_seconds"].get<double>(), 1.0);
  EXPECT_EQ(answer_to("'" + program("agentctl") + "' reload").code,
            0);  // another generation of the same rules
  EXPECT_TRUE(wait_for(3000, [] { return asked("why-dropped")["drops"][0]["rule"].is_string(); }));
}

}  // namespace
}  // namespace ebb::test

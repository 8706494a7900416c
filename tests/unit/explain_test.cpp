// SPDX-License-Identifier: GPL-2.0-or-later
// From questions to frames and back, which sockets a packet means, and what a recorded drop says.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <memory>

#include <gtest/gtest.h>

#include "agentd/drops.hpp"
#include "agentd/frame.hpp"
#include "agentd/listener.hpp"

namespace ebb {
namespace {

using nlohmann::json;

constexpr Mac own = {2, 0, 0, 0, 0, 1};

Address address(const char* text) {
  bool ipv6 = false;
  return parse_address(text, ipv6).value();
}

TEST(Question, ComesBackFromItsFrame) {
  const char* const questions[] = {
      R"({"proto":"udp","src":"192.0.2.2","sport":5353,"dst":"224.0.0.251","dport":5353,"delivery":"multicast",
          "length":100,"vlan":10,"dscp":"ef"})",
      R"({"proto":"tcp","src":"2001:db8::2","sport":1,"dst":"2001:db8::1","dport":22,"tcp_flags":"syn,ack",
          "delivery":"unicast","length":1500,"dscp":"af41"})",
      R"({"proto":"udp","src":"192.0.2.2","sport":9,"dst":"255.255.255.255","dport":67,"delivery":"broadcast",
          "length":28,"dscp":"3"})",
      R"({"proto":"icmpv6","src":"fe80::2","dst":"ff02::1","delivery":"multicast","length":48,"dscp":"cs6"})",
      R"({"proto":"gre","src":"192.0.2.2","dst":"192.0.2.1","delivery":"unicast","length":40,"dscp":"cs0"})"};
  for (const char* text : questions) {
    const json question = json::parse(text);
    const auto asked = tuple_from_json(question);
    ASSERT_TRUE(asked) << asked.error().what;
    const auto frame = build_frame(asked->tuple, own);
    ASSERT_TRUE(frame) << frame.error().what;
    EXPECT_GE(frame->size(), 60U);
    const auto read = read_frame(*frame);
    ASSERT_TRUE(read);
    const json answer = tuple_json(*read);
    for (const auto& [key, value] : question.items()) EXPECT_EQ(answer[key], value) << key << " of " << text;
  }
}

// Checksums from another program (python): ports 4000 and 20001, no payload, padded.
TEST(Question, GivesTheFrameThatANeighbourWouldSend) {
  const auto asked =
      tuple_from_json(json::parse(R"({"src":"192.0.2.2","sport":4000,"dst":"192.0.2.1","dport":20001})"));
  ASSERT_TRUE(asked);
  auto wanted = parse_hex(
      "020000000001 0200000000fe 0800 4500001c 00000000 4011 f6cd c0000202 c0000201 "
      "0fa0 4e21 0008 1e19");
  ASSERT_TRUE(wanted);
  wanted->resize(60);
  EXPECT_EQ(*build_frame(asked->tuple, own), *wanted);
}

TEST(Question, NamesWhatIsWrong) {
  struct Row {
    const char *question, *word;
  };
  for (const auto& row :
       {Row{R"({"proto":"upd"})", "proto"}, Row{R"({"dport":65536})", "dport"},
        Row{R"({"dport":-1})", "dport"}, Row{R"({"dport":1.5})", "dport"}, Row{R"({"sport":"80"})", "sport"},
        Row{R"({"dst":"192.0.2"})", "dst"}, Row{R"({"src":"::1","dst":"192.0.2.1"})", "families"},
        Row{R"({"vlan":0})", "vlan"}, Row{R"({"vlan":4095})", "vlan"}, Row{R"({"dscp":"64"})", "dscp"},
        Row{R"({"tcp_flags":"sin"})", "tcp_flags"}, Row{R"({"delivery":"all"})", "delivery"},
        Row{R"({"proto":"icmp","dport":1})", "ports"}, Row{R"({"length":19})", "length"},
        Row{R"({"proto":"icmp","dst":"::1"})", "icmpv6"}, Row{R"([])", "tuple"},
        Row{R"({"dport":18446744073709551615})", "dport"}}) {
    const auto asked = tuple_from_json(json::parse(row.question));
    ASSERT_FALSE(asked) << row.question;
    EXPECT_NE(asked.error().what.find(row.word), std::string::npos) << asked.error().what;
    EXPECT_EQ(asked.error().exit_code, exit_usage);
  }
  const auto small = tuple_from_json(json::parse(R"({"proto":"tcp","length":39})"));
  ASSERT_TRUE(small);
  EXPECT_FALSE(build_frame(small->tuple, own));
  for (const char* hex : {"zz", "abc", "", "00"}) EXPECT_FALSE(parse_hex(hex)) << hex;
}

// Whatever is cut off, nothing behind the end is read (the sanitizer sees it) and nothing is made up.
TEST(Question, ReadsNoFrameBeyondItsEnd) {
  const auto asked =
      tuple_from_json(json::parse(R"({"proto":"tcp","dst":"2001:db8::1","dport":22,"vlan":7})"));
  const auto frame = build_frame(asked->tuple, own);
  ASSERT_TRUE(frame);
  for (std::size_t size = 0; size < frame->size(); ++size) {
    const std::vector<std::uint8_t> cut(frame->begin(), frame->begin() + static_cast<std::ptrdiff_t>(size));
    const auto read = read_frame(cut);
    EXPECT_EQ(read.has_value(), size >= 18 + 40) << size;
    EXPECT_EQ(read && read->dport, size >= 18 + 40 + 20) << size;
  }
}

Socket socket_of(std::uint8_t proto, const char* local, std::uint16_t port, const char* remote = nullptr,
                 std::uint16_t remote_port = 0) {
  Socket socket;
  socket.proto = proto;
  socket.local = address(local);
  socket.ipv6 = std::string(local).find(':') != std::string::npos;
  socket.local_port = port;
  if (remote) socket.remote = address(remote);
  socket.remote_port = remote_port;
  socket.state = proto == IPPROTO_TCP && !remote ? TCP_LISTEN : TCP_ESTABLISHED;
  return socket;
}

TEST(Listener, IsTheSocketThatTheKernelWouldFind) {
  Tuple v4;
  v4.src = address("192.0.2.2");
  v4.dst = address("192.0.2.1");
  v4.sport = 4000;
  v4.dport = 53;
  EXPECT_TRUE(wants(socket_of(IPPROTO_UDP, "0.0.0.0", 53), v4, 3));
  EXPECT_TRUE(wants(socket_of(IPPROTO_UDP, "::", 53), v4, 3)) << "an IPv6 socket takes IPv4 too";
  EXPECT_TRUE(wants(socket_of(IPPROTO_UDP, "::ffff:192.0.2.1", 53), v4, 3));
  EXPECT_TRUE(wants(socket_of(IPPROTO_UDP, "192.0.2.1", 53, "192.0.2.2", 4000), v4, 3));
  EXPECT_FALSE(wants(socket_of(IPPROTO_UDP, "192.0.2.1", 53, "192.0.2.3", 4000), v4, 3)) << "another peer's";
  EXPECT_FALSE(wants(socket_of(IPPROTO_UDP, "192.0.2.1", 53, "192.0.2.2", 4001), v4, 3));
  EXPECT_FALSE(wants(socket_of(IPPROTO_UDP, "192.0.2.9", 53), v4, 3)) << "another address";
  EXPECT_FALSE(wants(socket_of(IPPROTO_UDP, "0.0.0.0", 54), v4, 3));
  EXPECT_FALSE(wants(socket_of(IPPROTO_TCP, "0.0.0.0", 53), v4, 3));
  auto bound = socket_of(IPPROTO_UDP, "0.0.0.0", 53);
  bound.ifindex = 3;
  EXPECT_TRUE(wants(bound, v4, 3));
  EXPECT_FALSE(wants(bound, v4, 4)) << "bound to another interface";
  Tuple v6 = v4;
  v6.ethertype = 0x86dd;
  v6.dst = address("2001:db8::1");
  EXPECT_FALSE(wants(socket_of(IPPROTO_UDP, "0.0.0.0", 53), v6, 3)) << "an IPv4 socket takes no IPv6";
}

TEST(Listener, AFlowIsNamedByAPortOrByAnEnd) {
  const auto server = socket_of(IPPROTO_TCP, "0.0.0.0", 443);
  const auto client = socket_of(IPPROTO_TCP, "192.0.2.1", 40000, "198.51.100.1", 443);
  const auto v6 = socket_of(IPPROTO_TCP, "2001:db8::1", 40001, "2001:db8::2", 443);
  EXPECT_TRUE(parse_flow("443")->names(server));
  EXPECT_FALSE(parse_flow("443")->names(client)) << "a port alone is a local one";
  EXPECT_TRUE(parse_flow("198.51.100.1:443")->names(client));
  EXPECT_TRUE(parse_flow("192.0.2.1:40000")->names(client));
  EXPECT_FALSE(parse_flow("192.0.2.1:443")->names(client)) << "half of each end";
  EXPECT_TRUE(parse_flow("[2001:db8::2]:443")->names(v6));
  for (const char* text : {"", "0", "65536", "x", "1.2.3:4", "2001:db8::1:4", "[192.0.2.1]:4", "192.0.2.1:"})
    EXPECT_FALSE(parse_flow(text)) << text;
  EXPECT_EQ(packet_to(server).tcp_flags, 0x02) << "a listener is sent a connection request";
  EXPECT_EQ(packet_to(client).tcp_flags, 0x10);
  EXPECT_EQ(packet_to(client).sport, 443);
  EXPECT_EQ(socket_words(server), "tcp *:443, listening");
  EXPECT_EQ(socket_words(v6), "tcp [2001:db8::1]:40001, with [2001:db8::2]:443");
}

TEST(Drops, NameARuleOnlyOfTheirOwnPolicy) {
  const auto config = parse_config(
      "[agent]\ninterfaces = [\"eth0\"]\n[[class]]\nname = \"chatter\"\nmatch = [{ proto = \"udp\" }]\n"
      "treat = { critical = \"drop\" }\n",
      "a.toml");
  ASSERT_TRUE(config) << config.error().what;
  const auto live = std::make_unique<ebb_live>();
  live->word = 7U << EBB_WORD_GENERATION | EBB_WORD_BANK;
  live->hz = 250;
  live->jiffies = 10'500;
  std::copy_n("chatter", 8, live->bank[1].class_name[5]);
  ebb_drop drop{};
  drop.jiffies = 10'000;
  drop.word = 7U << EBB_WORD_GENERATION | EBB_WORD_BANK | 3U << 4 | EBB_WORD_ENFORCE;
  drop.ethertype = 0x0800;
  drop.proto = IPPROTO_UDP;
  drop.src[0] = htonl(0xc0000202);
  drop.dst[0] = htonl(0xc0000201);
  drop.sport = htons(4000);
  drop.dport = htons(20001);
  drop.class_slot = 5;
  drop.verdict = EBB_DROP;
  ebb_drop older = drop;
  older.word = 6U << EBB_WORD_GENERATION | 2U << 4;
  older.verdict = EBB_LIMIT;

  const json drops = drops_json({drop, older}, *live, *config);
  EXPECT_DOUBLE_EQ(drops[0]["age_seconds"], 2.0);
  EXPECT_EQ(drops[0]["rule"], config->classes[0].match[0].where);
  EXPECT_EQ(drops[0]["class"], "chatter");
  EXPECT_EQ(drops[0]["state"], "critical");
  EXPECT_EQ(drops[0]["carried_out"], true);
  EXPECT_EQ(drops[0]["src"], "192.0.2.2");
  EXPECT_EQ(drops[0]["dport"], 20001);
  EXPECT_EQ(drops[1]["rule"], nullptr);
  EXPECT_EQ(drops[1]["state"], "power-saver");
  EXPECT_EQ(drops[1]["verdict"], "limit");
  EXPECT_EQ(drops[1]["carried_out"], false);
}

}  // namespace
}  // namespace ebb

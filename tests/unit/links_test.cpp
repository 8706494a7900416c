// SPDX-License-Identifier: GPL-2.0-or-later
// Which interfaces a configuration means, which hook they can have, and what the stack answers on them.
#include <gtest/gtest.h>
#include <linux/if.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agentd/choice.hpp"
#include "sense/answering.hpp"

namespace fs = std::filesystem;
using namespace ebb;

namespace {

Link link_of(int ifindex, const std::string& name, unsigned hardware = 1, unsigned flags = IFF_UP,
             const std::string& kind = "", int lower = 0) {
  return {.ifindex = ifindex,
          .name = name,
          .hardware = hardware,
          .flags = flags,
          .mac = {2, 0, 0, 0, 0, 1},
          .kind = kind,
          .lower = lower};
}

const std::vector<Link> links = {link_of(1, "lo", 772, IFF_LOOPBACK), link_of(2, "eth0"), link_of(3, "eth1"),
                                 link_of(4, "wlan0"), link_of(5, "wwan0", 519, IFF_NOARP)};

// "eth0@eth* eth1@eth*": name and pattern.
std::string chosen(const std::vector<std::string>& patterns, const std::set<int>& default_route = {}) {
  std::string out;
  for (const auto& one : choose(patterns, links, default_route))
    out += (out.empty() ? "" : " ") + one.name + (one.ifindex ? "@" : "?") + one.pattern;
  return out;
}

TEST(Choice, NamesGlobsAndAuto) {
  EXPECT_EQ(chosen({"eth0"}), "eth0@eth0");
  EXPECT_EQ(chosen({"eth*"}), "eth0@eth* eth1@eth*");
  EXPECT_EQ(chosen({"eth[1-9]", "?lan0"}), "eth1@eth[1-9] wlan0@?lan0");
  EXPECT_EQ(chosen({"auto"}), "");
  EXPECT_EQ(chosen({"auto"}, {4, 5}), "wlan0@auto wwan0@auto");
  EXPECT_EQ(chosen({"auto"}, {99}), "");
}

TEST(Choice, TheFirstPatternThatFitsNamesIt) {
  EXPECT_EQ(chosen({"eth1", "auto", "*"}, {2}), "eth1@eth1 eth0@auto wlan0@* wwan0@*");
}

TEST(Choice, OnlyAnExactNameIsListedWhileItIsAbsent) {
  EXPECT_EQ(chosen({"usb0", "usb*", "auto"}), "usb0?usb0");
}

TEST(Choice, LoopbackOnlyByItsName) {
  EXPECT_EQ(chosen({"*", "auto"}, {1}), "eth0@* eth1@* wlan0@* wwan0@*");
  EXPECT_EQ(chosen({"l?"}), "");
  EXPECT_EQ(chosen({"lo"}), "lo@lo");
}

TEST(LinkTypes, ByTheKernelsNumber) {
  for (const unsigned ether : {1U, 772U}) EXPECT_EQ(link_type(ether), LinkType::ether) << ether;
  for (const unsigned ip : {65534U, 512U, 519U, 768U, 769U, 776U})
    EXPECT_EQ(link_type(ip), LinkType::ip) << ip;
  for (const unsigned other : {0U, 24U, 32U, 280U, 801U})
    EXPECT_EQ(link_type(other), LinkType::other) << other;
}

TEST(WhyNotXdp, VlanTagsThatTheDeviceTakesOut) {
  auto with_vlan = links;
  with_vlan.push_back(link_of(6, "eth0.10", 1, IFF_UP, "vlan", 2));
  with_vlan.push_back(link_of(7, "mv0", 1, IFF_UP, "macvlan", 3));
  EXPECT_EQ(why_not_xdp(links[1], links, true), "");
  EXPECT_EQ(why_not_xdp(links[1], with_vlan, false), "");
  EXPECT_NE(why_not_xdp(links[1], with_vlan, true).find("carries eth0.10"), std::string::npos);
  EXPECT_NE(why_not_xdp(links[1], with_vlan, std::nullopt).find("nobody knows"), std::string::npos);
  EXPECT_EQ(why_not_xdp(links[2], with_vlan, true), "");
  EXPECT_EQ(why_not_xdp(links[4], links, false), "no Ethernet header");
}

// A tree of /proc/sys/net as a plain machine has it, to be changed.
class AnsweringTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* scope : {"all", "eth0"}) {
      for (const char* key : {"arp_ignore", "arp_filter", "rp_filter"})
        put(std::string("ipv4/conf/") + scope + "/" + key, "0");
      put(std::string("ipv6/conf/") + scope + "/forwarding", "0");
    }
    put("ipv4/icmp_echo_ignore_all", "0");
    put("ipv6/icmp/echo_ignore_all", "0");
  }
  void TearDown() override { fs::remove_all(root_); }
  void put(const std::string& key, const std::string& text) const {
    const auto path = root_ / "proc/sys/net" / key;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::trunc) << text << "\n";
  }
  void remove(const std::string& key) const { fs::remove(root_ / "proc/sys/net" / key); }
  // "arp nd echo4 echo6 router": what is answered.
  std::string answers(const Link& link = links[1], const PacketFilters& filters = {}) const {
    const auto got = read_answering(link, filters, root_);
    std::string out;
    if (got.arp) out += "arp ";
    if (got.neighbour) out += "nd ";
    if (got.echo4) out += "echo4 ";
    if (got.echo6) out += "echo6 ";
    if (got.router) out += "router ";
    EXPECT_EQ(got.why.empty(), got.arp && got.neighbour && got.echo4 && got.echo6) << got.why;
    return out;
  }
  fs::path root_ = fs::temp_directory_path() / ("ebb-answering-" + std::to_string(getpid()));
};

TEST_F(AnsweringTest, APlainMachineAnswersAll) { EXPECT_EQ(answers(), "arp nd echo4 echo6 "); }

TEST_F(AnsweringTest, ArpIgnore) {
  for (const auto& [value, answered] : std::map<std::string, bool>{
           {"0", true}, {"1", true}, {"2", false}, {"3", true}, {"4", false}, {"8", false}, {"x", false}}) {
    for (const char* scope : {"all", "eth0"}) {
      put(std::string("ipv4/conf/") + scope + "/arp_ignore", value);
      EXPECT_EQ(answers(), answered ? "arp nd echo4 echo6 " : "nd echo4 echo6 ") << scope << " " << value;
      put(std::string("ipv4/conf/") + scope + "/arp_ignore", "0");
    }
  }
}

TEST_F(AnsweringTest, FiltersOfSenders) {
  put("ipv4/conf/eth0/arp_filter", "1");
  EXPECT_EQ(answers(), "nd echo4 echo6 ");
  put("ipv4/conf/eth0/arp_filter", "0");
  put("ipv4/conf/all/rp_filter", "1");
  EXPECT_EQ(answers(), "nd echo6 ");
  put("ipv4/conf/eth0/rp_filter", "2");  // loose, and the larger value counts
  EXPECT_EQ(answers(), "arp nd echo4 echo6 ");
}

TEST_F(AnsweringTest, EchoIsIgnored) {
  put("ipv4/icmp_echo_ignore_all", "1");
  EXPECT_EQ(answers(), "arp nd echo6 ");
  put("ipv6/icmp/echo_ignore_all", "1");
  EXPECT_EQ(answers(), "arp nd ");
}

TEST_F(AnsweringTest, WhatCannotBeKnownIsNotAnswered) {
  remove("ipv4/conf/all/arp_ignore");
  remove("ipv6/icmp/echo_ignore_all");
  EXPECT_EQ(answers(), "nd echo4 ");
}

TEST_F(AnsweringTest, NoAddressResolution) {
  EXPECT_EQ(answers(link_of(2, "eth0", 1, IFF_NOARP)), "echo4 echo6 ");
}

TEST_F(AnsweringTest, ARouterSaysSo) {
  put("ipv6/conf/eth0/forwarding", "1");
  EXPECT_EQ(answers(), "arp nd echo4 echo6 router ");
  put("ipv6/conf/eth0/forwarding", "0");
  put("ipv6/conf/all/forwarding", "1");  // not what the kernel puts into its advertisements
  EXPECT_EQ(answers(), "arp nd echo4 echo6 ");
}

TEST_F(AnsweringTest, PacketFilters) {
  EXPECT_EQ(answers(links[1], {.nat = "n", .arp = "", .ipv4 = "", .ipv6 = ""}), "arp nd echo4 echo6 ");
  EXPECT_EQ(answers(links[1], {.nat = "", .arp = "a", .ipv4 = "", .ipv6 = ""}), "nd echo4 echo6 ");
  EXPECT_EQ(answers(links[1], {.nat = "", .arp = "", .ipv4 = "4", .ipv6 = ""}), "arp nd echo6 ");
  EXPECT_EQ(answers(links[1], {.nat = "", .arp = "", .ipv4 = "", .ipv6 = "6"}), "arp echo4 ");
}

}  // namespace

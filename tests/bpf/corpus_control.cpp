// SPDX-License-Identifier: GPL-2.0-or-later
// ICMP, IGMP, MLD, neighbour discovery.
#include "corpus.hpp"

namespace ebb::test {
namespace {

const Mac all_nodes{0x33, 0x33, 0, 0, 0, 1}, solicited{0x33, 0x33, 0xff, 0, 0, 7},
    all_hosts{1, 0, 0x5e, 0, 0, 1}, mld_routers{0x33, 0x33, 0, 0, 0, 0x16};
const std::string us = "2001:db8:7::7", peer = "fe80::9", group = "ff02::1:ff00:7";

// RFC 792, RFC 1122, RFC 1191, RFC 1256: with the begin of a packet of ours
void add_icmp(Corpus& all) {
  const Bytes quoted = Packet().ipv4("198.51.100.7", "192.0.2.9").udp(40000, 8125).payload(24).bytes();
  const Bytes inside(quoted.begin() + 14, quoted.end());
  const auto error = [&](unsigned type, unsigned code, std::uint32_t rest = 0) {
    all.add_ip("icmp type " + std::to_string(type) + " code " + std::to_string(code),
               Packet()
                   .ipv4("192.0.2.1", "198.51.100.7")
                   .icmp(std::uint8_t(type), std::uint8_t(code), rest)
                   .data(inside),
               false, EBB_R_ICMP_ERROR);
  };
  for (unsigned code = 0; code <= 15; ++code) error(3, code, code == 4 ? 1400 : 0);
  error(4, 0);
  for (unsigned code = 0; code <= 3; ++code) error(5, code, 0xc0000201);
  error(11, 0), error(11, 1), error(12, 0, 0x14000000), error(12, 1), error(12, 2);
  all.add("icmp router advertisement",
          Packet().to(all_hosts).ipv4("192.0.2.1", "224.0.0.1").hops(1).icmp(9, 0, 0x01020708).data(zeros(8)),
          EBB_R_ICMP_ERROR);
  all.add("icmp router solicitation", Packet().ipv4("192.0.2.9", "224.0.0.2").hops(1).icmp(10, 0, 0),
          EBB_R_ICMP_ERROR);
}

// RFC 4443, RFC 8201
void add_icmpv6(Corpus& all) {
  const Bytes quoted = Packet().ipv6(us, "2001:db8::9").udp(40000, 8125).payload(24).bytes();
  const Bytes inside(quoted.begin() + 14, quoted.end());
  const auto error = [&](unsigned type, unsigned code, std::uint32_t rest = 0) {
    all.add_ip(
        "icmpv6 type " + std::to_string(type) + " code " + std::to_string(code),
        Packet().ipv6("2001:db8::1", us).icmp(std::uint8_t(type), std::uint8_t(code), rest).data(inside),
        true, EBB_R_ICMP_ERROR);
  };
  for (unsigned code = 0; code <= 7; ++code) error(1, code);
  error(2, 0, 1280), error(3, 0), error(3, 1);
  for (unsigned code = 0; code <= 3; ++code) error(4, code, 40);
}

// RFC 1112, RFC 2236, RFC 3376
void add_igmp(Corpus& all) {
  const auto igmp = [&](const std::string& name, const Mac& mac, const std::string& to, Bytes message,
                        bool alert) {
    put16(message, 2, internet_checksum(message));
    Packet packet = Packet().to(mac).ipv4("192.0.2.1", to).hops(1).proto(2).data(message);
    all.add("igmp " + name, alert ? packet.router_alert() : packet, EBB_R_MULTICAST_CTL);
  };
  const Bytes none = zeros(4), names = bytes_of("239.1.2.3");
  const Mac names_mac{1, 0, 0x5e, 1, 2, 3};
  igmp("v1 query", all_hosts, "224.0.0.1", joined({{0x11, 0, 0, 0}, none}), false);
  igmp("v1 report", names_mac, "239.1.2.3", joined({{0x12, 0, 0, 0}, names}), false);
  igmp("v2 query", all_hosts, "224.0.0.1", joined({{0x11, 100, 0, 0}, none}), true);
  igmp("v2 query of a group", names_mac, "239.1.2.3", joined({{0x11, 10, 0, 0}, names}), true);
  igmp("v2 report", names_mac, "239.1.2.3", joined({{0x16, 0, 0, 0}, names}), true);
  igmp("v2 leave", {1, 0, 0x5e, 0, 0, 2}, "224.0.0.2", joined({{0x17, 0, 0, 0}, names}), true);
  igmp("v3 query", all_hosts, "224.0.0.1", joined({{0x11, 100, 0, 0}, none, {2, 125, 0, 0}}), true);
  igmp("v3 query of sources", names_mac, "239.1.2.3",
       joined({{0x11, 10, 0, 0}, names, {2, 125, 0, 1}, bytes_of("192.0.2.8")}), true);
  igmp("v3 report", {1, 0, 0x5e, 0, 0, 0x16}, "224.0.0.22",
       joined({{0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0}, names}), true);
  igmp("query by unicast", mac_us, "198.51.100.7", joined({{0x11, 100, 0, 0}, none}), true);
}

// RFC 2710, RFC 3810 (v2), RFC 4286 (router discovery): behind a router alert
void add_mld(Corpus& all) {
  const auto mld = [&](const std::string& name, const Mac& mac, const std::string& to, unsigned type,
                       Bytes body) {
    all.add(name,
            Packet()
                .to(mac)
                .ipv6(peer, to)
                .hops(1)
                .router_alert()
                .icmp(std::uint8_t(type), 0, 0)
                .data(std::move(body)),
            EBB_R_MULTICAST_CTL);
  };
  const std::string names = "ff05::1:3";
  const Mac names_mac{0x33, 0x33, 0, 1, 0, 3};
  mld("mldv1 query", all_nodes, "ff02::1", 130, zeros(16));
  mld("mldv1 query of a group", names_mac, names, 130, bytes_of(names));
  mld("mldv1 report", names_mac, names, 131, bytes_of(names));
  mld("mldv1 done", {0x33, 0x33, 0, 0, 0, 2}, "ff02::2", 132, bytes_of(names));
  mld("mldv2 query", all_nodes, "ff02::1", 130, joined({zeros(16), {2, 125, 0, 0}}));
  mld("mldv2 query of sources", names_mac, names, 130,
      joined({bytes_of(names), {2, 125, 0, 1}, bytes_of("2001:db8::8")}));
  mld("mldv2 report", mld_routers, "ff02::16", 143, joined({{4, 0, 0, 0}, bytes_of(names)}));
  mld("multicast router advertisement", all_nodes, "ff02::6a", 151, {});
  mld("multicast router solicitation", {0x33, 0x33, 0, 0, 0, 2}, "ff02::2", 152, {});
  mld("multicast router termination", all_nodes, "ff02::6a", 153, {});
}

// RFC 4861, RFC 4862, RFC 3122 (inverse), RFC 3971 (secure), RFC 8106 and RFC 9463 (options)
void add_nd(Corpus& all) {
  const auto nd = [&](const std::string& name, const Mac& mac, const std::string& from, const std::string& to,
                      unsigned type, std::uint32_t rest, Bytes body) {
    all.add(name,
            Packet().to(mac).ipv6(from, to).hops(255).icmp(std::uint8_t(type), 0, rest).data(std::move(body)),
            EBB_R_NEIGHBOUR);
  };
  const Bytes link = joined({{1, 1}, bytes_of(mac_peer)}), target_link = joined({{2, 1}, bytes_of(mac_peer)});
  const Mac all_routers{0x33, 0x33, 0, 0, 0, 2};
  nd("router solicitation", all_routers, peer, "ff02::2", 133, 0, link);
  nd("router solicitation from nobody", all_routers, "::", "ff02::2", 133, 0, {});
  const Bytes prefix =
      joined({{3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40}, zeros(4), bytes_of("2001:db8:7::")});
  const Bytes mtu = {5, 1, 0, 0, 0, 0, 5, 0xdc}, timers = zeros(8);
  const Bytes dns = joined({{25, 3, 0, 0, 0, 0, 7, 8}, bytes_of("2001:db8::53")});
  nd("router advertisement", all_nodes, peer, "ff02::1", 134, 0x40000708,
     joined({timers, link, mtu, prefix, dns}));
  nd("router advertisement to us", mac_us, peer, us, 134, 0x40000708, joined({timers, prefix}));
  nd("router advertisement that ends", all_nodes, peer, "ff02::1", 134, 0x40000000, timers);
  nd("neighbour solicitation", solicited, peer, group, 135, 0, joined({bytes_of(us), link}));
  nd("neighbour solicitation to us", mac_us, peer, us, 135, 0, joined({bytes_of(us), link}));
  nd("neighbour solicitation without an option", mac_us, peer, us, 135, 0, bytes_of(us));
  nd("neighbour solicitation for somebody else", {0x33, 0x33, 0xff, 0, 0, 8}, peer, "ff02::1:ff00:8", 135, 0,
     joined({bytes_of("2001:db8:7::8"), link}));
  nd("duplicate address detection", solicited, "::", group, 135, 0, bytes_of(us));
  nd("enhanced duplicate address detection", solicited, "::", group, 135, 0,
     joined({bytes_of(us), {14, 1, 1, 2, 3, 4, 5, 6}}));
  nd("neighbour advertisement", mac_us, peer, us, 136, 0x60000000, joined({bytes_of(peer), target_link}));
  nd("neighbour advertisement of a router", mac_us, peer, us, 136, 0xe0000000,
     joined({bytes_of(peer), target_link}));
  nd("neighbour advertisement without an option", mac_us, peer, us, 136, 0x40000000, bytes_of(peer));
  nd("unsolicited neighbour advertisement", all_nodes, peer, "ff02::1", 136, 0x20000000,
     joined({bytes_of(peer), target_link}));
  nd("advertisement that our address is taken", all_nodes, peer, "ff02::1", 136, 0x20000000,
     joined({bytes_of(us), target_link}));
  nd("redirect", mac_us, peer, us, 137, 0,
     joined({bytes_of("fe80::1"), bytes_of("2001:db8::9"), target_link}));
  nd("redirect on the link", mac_us, peer, us, 137, 0,
     joined({bytes_of("2001:db8::9"), bytes_of("2001:db8::9")}));
  nd("inverse solicitation", mac_us, peer, us, 141, 0, joined({link, target_link}));
  nd("inverse advertisement", mac_us, peer, us, 142, 0, joined({link, target_link}));
  nd("certification path solicitation", all_routers, peer, "ff02::2", 148, 0x0001ffff, {});
  nd("certification path advertisement", mac_us, peer, us, 149, 0x00010000, zeros(4));
}

}  // namespace

void add_control_corpus(Corpus& all) {
  add_icmp(all);
  add_icmpv6(all);
  add_igmp(all);
  add_mld(all);
  add_nd(all);
}

}  // namespace ebb::test

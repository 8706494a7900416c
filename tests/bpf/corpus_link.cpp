// SPDX-License-Identifier: GPL-2.0-or-later
// ARP, and every protocol that is not IP.
#include "corpus.hpp"

namespace ebb::test {
namespace {

const Mac bridge_group{0x01, 0x80, 0xc2, 0, 0, 0}, slow_group{0x01, 0x80, 0xc2, 0, 0, 2},
    pae_group{0x01, 0x80, 0xc2, 0, 0, 3}, nearest_bridge{0x01, 0x80, 0xc2, 0, 0, 0x0e},
    ptp_group{0x01, 0x1b, 0x19, 0, 0, 0}, profinet_group{0x01, 0x0e, 0xcf, 0, 0, 0},
    mrp_group{0x01, 0x15, 0x4e, 0, 0, 1}, cisco_group{0x01, 0, 0x0c, 0xcc, 0xcc, 0xcc};

// RFC 826, RFC 5227
void add_arp(Corpus& all) {
  const auto arp = [&](const char* name, const Mac& to, unsigned operation, const Mac& sender_mac,
                       const char* sender, const Mac& target_mac, const char* target) {
    all.add(std::string("arp ") + name,
            Packet().to(to).ethertype(0x0806).data(joined({{0, 1, 8, 0, 6, 4},
                                                           be16(operation),
                                                           bytes_of(sender_mac),
                                                           bytes_of(sender),
                                                           bytes_of(target_mac),
                                                           bytes_of(target)})),
            EBB_R_ARP);
  };
  const char *us = "198.51.100.7", *peer = "198.51.100.9";
  arp("request", mac_broadcast, 1, mac_peer, peer, {}, us);
  arp("request by unicast", mac_us, 1, mac_peer, peer, mac_us, us);
  arp("request for somebody else", mac_broadcast, 1, mac_peer, peer, {}, "198.51.100.200");
  arp("reply", mac_us, 2, mac_peer, peer, mac_us, us);
  arp("probe", mac_broadcast, 1, mac_peer, "0.0.0.0", {}, us);
  arp("announcement", mac_broadcast, 1, mac_peer, peer, {}, peer);
  arp("announcement by reply", mac_broadcast, 2, mac_peer, peer, mac_broadcast, peer);
  arp("conflict", mac_broadcast, 1, mac_peer, us, {}, us);
  arp("reply for virtual router", mac_broadcast, 2, {0, 0, 0x5e, 0, 1, 0x10}, peer, mac_broadcast, peer);
}

// IEEE 802.3 frames with a length: LLC and SNAP
void add_802_3(Corpus& all) {
  const auto llc = [&](const char* name, const Mac& to, const Bytes& body) {
    all.add(name, Packet().to(to).ethertype(static_cast<std::uint16_t>(body.size())).data(body),
            EBB_R_ETHERTYPE);
  };
  const Bytes bpdu_id = {0x42, 0x42, 3, 0, 0};
  const Bytes priority = joined({be16(0x8000), bytes_of(mac_peer)});
  const Bytes times = {0x80, 1, 0, 0, 20, 0, 2, 0, 15, 0};
  llc("stp configuration", bridge_group, joined({bpdu_id, {0, 0, 0}, priority, zeros(4), priority, times}));
  llc("stp topology change", bridge_group, joined({bpdu_id, {0, 0x80}}));
  llc("rstp", bridge_group, joined({bpdu_id, {2, 2, 0x3c}, priority, zeros(4), priority, times, {0}}));
  llc("mstp", bridge_group,
      joined({bpdu_id, {3, 2, 0x7c}, priority, zeros(4), priority, times, {0}, be16(64), zeros(64)}));
  llc("pvst", {1, 0, 0x0c, 0xcc, 0xcc, 0xcd},
      joined({{0xaa, 0xaa, 3, 0, 0, 0x0c, 1, 0x0b, 0, 0},
              {0, 0, 0},
              priority,
              zeros(4),
              priority,
              times,
              {0, 0, 0, 2, 0, 1}}));
  llc("cdp", cisco_group, joined({{0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0}, {2, 180}, zeros(40)}));
  llc("udld", cisco_group, joined({{0xaa, 0xaa, 3, 0, 0, 0x0c, 1, 0x11}, {0x21, 0}, zeros(40)}));
  llc("is-is hello", {1, 0x80, 0xc2, 0, 0, 0x14},
      joined({{0xfe, 0xfe, 3, 0x83, 27, 1, 0, 15, 1, 0, 0}, zeros(60)}));
  llc("bacnet", mac_broadcast, joined({{0x82, 0x82, 3, 1, 0x20, 0xff, 0xff, 0, 0xff, 0x10, 8}, zeros(20)}));
  llc("netbeui", {3, 0, 0, 0, 0, 1}, joined({{0xf0, 0xf0, 3, 0x2c, 0, 0xff, 0xef, 8}, zeros(36)}));
  llc("llc xid", mac_broadcast, {0, 1, 0xaf, 0x81, 1, 0});
}

struct Type {
  const char* name;
  std::uint16_t number;
  Mac to;
  Bytes begin;  // of the body; zeros follow
};

void add_types(Corpus& all) {
  const std::vector<Type> types = {
      // IEEE 802.1X-2020
      {"eapol packet", 0x888e, pae_group, {2, 0, 0, 5, 1, 7, 0, 5, 1}},
      {"eapol start", 0x888e, pae_group, {2, 1, 0, 0}},
      {"eapol logoff", 0x888e, pae_group, {2, 2, 0, 0}},
      {"eapol key", 0x888e, mac_us, {2, 3, 0, 95, 2, 0, 0x8a, 0, 16}},
      {"eapol announcement", 0x888e, pae_group, {3, 5, 0, 0}},
      {"rsn preauthentication", 0x88c7, mac_us, {2, 1, 0, 0}},
      // IEEE 802.1AX, 802.3 annex 57A
      {"lacp", 0x8809, slow_group, {1, 1, 1, 20, 0x80, 0, 2, 0, 0, 0, 0, 2}},
      {"marker", 0x8809, slow_group, {2, 1, 1, 16, 0, 1}},
      {"ethernet oam", 0x8809, slow_group, {3, 0, 0x50, 0}},
      {"synchronous ethernet", 0x8809, slow_group, {10, 0, 0x19, 0xa7, 0, 1, 0x10}},
      // IEEE 802.1AB
      {"lldp", 0x88cc, nearest_bridge, {2, 7, 4, 2, 0, 0, 0, 0, 2, 4, 2, 7, '1', 6, 2, 0, 120}},
      {"lldp shutdown", 0x88cc, nearest_bridge, {2, 7, 4, 2, 0, 0, 0, 0, 2, 4, 2, 7, '1', 6, 2, 0, 0}},
      {"lldp to the nearest customer bridge",
       0x88cc,
       bridge_group,
       {2, 7, 4, 2, 0, 0, 0, 0, 2, 4, 2, 7, '1'}},
      // IEC 61158, 61784: PROFINET frame ids
      {"profinet cyclic", 0x8892, mac_us, {0x80, 0, 1, 2, 3, 4}},
      {"profinet cyclic rt3", 0x8892, mac_us, {0x01, 0, 1, 2, 3, 4}},
      {"profinet alarm high", 0x8892, mac_us, {0xfc, 1, 0, 1, 0, 2, 0x11}},
      {"profinet alarm low", 0x8892, mac_us, {0xfe, 1, 0, 1, 0, 2, 0x11}},
      {"profinet dcp hello", 0x8892, profinet_group, {0xfe, 0xfc, 6, 0}},
      {"profinet dcp set", 0x8892, mac_us, {0xfe, 0xfd, 4, 0}},
      {"profinet dcp identify",
       0x8892,
       profinet_group,
       {0xfe, 0xfe, 5, 0, 0, 0, 0, 1, 0, 1, 0, 4, 0xff, 0xff}},
      {"profinet dcp identify response", 0x8892, mac_us, {0xfe, 0xff, 5, 1}},
      {"profinet sync", 0x8892, profinet_group, {0, 0x80, 0, 0}},
      // IEC 61158-4-12
      {"ethercat command", 0x88a4, mac_broadcast, {0x0e, 0x10, 7, 0, 0, 0, 0, 1}},
      {"ethercat to us", 0x88a4, mac_us, {0x2c, 0x10, 0x0c, 1, 0, 0, 0, 0}},
      {"ethercat network variables", 0x88a4, mac_broadcast, {0x10, 0x40}},
      // IEC 62439-2 and 62439-3
      {"mrp test", 0x88e3, mrp_group, {0, 1, 2, 18, 0xa0, 0}},
      {"mrp topology change", 0x88e3, {1, 0x15, 0x4e, 0, 0, 2}, {0, 1, 3, 16, 0xa0, 0}},
      {"mrp link down", 0x88e3, {1, 0x15, 0x4e, 0, 0, 2}, {0, 1, 4, 12}},
      {"prp supervision", 0x88fb, {1, 0x15, 0x4e, 0, 1, 0}, {0, 1, 0, 9, 20, 6}},
      {"hsr", 0x892f, mac_us, {0, 0x34, 0, 9, 0x88, 0xfb}},
      {"sercos", 0x88cd, mac_broadcast, {0x40, 0, 0, 0}},
      {"powerlink", 0x88ab, {1, 0x11, 0x1e, 0, 0, 1}, {1, 0xff, 0xf0}},
      {"cc-link ie", 0x890f, mac_us, {0, 1}},

      {"goose", 0x88b8, {1, 0x0c, 0xcd, 1, 0, 0}, {0, 1, 0, 0x91, 0, 0, 0, 0, 0x61}},
      {"sampled values", 0x88ba, {1, 0x0c, 0xcd, 4, 0, 0}, {0x40, 0, 0, 0x66, 0, 0, 0, 0, 0x60}},
      {"avtp", 0x22f0, {0x91, 0xe0, 0xf0, 0, 0, 1}, {2, 0x81, 0, 0}},
      {"tsn stream reservation", 0x22ea, nearest_bridge, {0, 1}},
      {"mmrp", 0x88f6, {1, 0x80, 0xc2, 0, 0, 0x20}, {0, 1, 1}},
      {"mvrp", 0x88f5, {1, 0x80, 0xc2, 0, 0, 0x21}, {0, 1, 2}},
      {"connectivity fault management", 0x8902, {1, 0x80, 0xc2, 0, 0, 0x33}, {0x60, 1, 4, 0x46}},
      {"pause", 0x8808, {1, 0x80, 0xc2, 0, 0, 1}, {0, 1, 0xff, 0xff}},
      {"priority pause", 0x8808, {1, 0x80, 0xc2, 0, 0, 1}, {1, 1, 0, 8}},
      {"macsec", 0x88e5, mac_us, {0x2c, 0, 0, 0, 0, 1}},
      {"pppoe discovery", 0x8863, mac_us, {0x11, 7, 0, 0, 0, 4, 1, 1, 0, 0}},
      {"pppoe session", 0x8864, mac_us, {0x11, 0, 0, 1, 0, 10, 0xc0, 0x21, 9, 1, 0, 8}},
      {"mpls", 0x8847, mac_us, {0, 1, 1, 64, 0x45, 0}},
      {"mpls multicast", 0x8848, mac_multicast, {0, 1, 1, 64, 0x45, 0}},
      {"rarp", 0x8035, mac_broadcast, {0, 1, 8, 0, 6, 4, 0, 3}},
      {"wake on lan", 0x0842, mac_broadcast, {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1}},
      {"loopback", 0x9000, mac_us, {0, 0, 1, 0}},
      {"ieee local experimental", 0x88b5, mac_us, {1, 2, 3}},
      {"ata over ethernet", 0x88a2, mac_us, {0x10, 0, 0, 1}},
      {"fibre channel initialization", 0x8914, mac_us, {0x10, 0, 0, 1}},
      {"homeplug", 0x88e1, mac_us, {0, 0, 0xa0}},
      {"ieee 1905", 0x893a, {1, 0x80, 0xc2, 0, 0, 0x13}, {0, 0, 0, 0, 0, 1, 0, 0x80}},
      {"tdls", 0x890d, mac_us, {2, 12, 0}},
      {"batman", 0x4305, mac_broadcast, {0, 15, 0, 50}},
      {"trill", 0x22f3, mac_us, {0, 0x3e}},
      {"network service header", 0x894f, mac_us, {0, 6, 1, 3}},
      {"unknown 0x0600", 0x0600, mac_us, {1, 2, 3}},
      {"unknown 0x1234", 0x1234, mac_broadcast, {1, 2, 3}},
      {"unknown 0x9999", 0x9999, mac_multicast, {1, 2, 3}},
      {"unknown 0xffff", 0xffff, mac_us, {1, 2, 3}},
  };
  for (const Type& t : types)
    all.add(t.name, Packet().to(t.to).ethertype(t.number).data(joined({t.begin, zeros(46)})),
            EBB_R_ETHERTYPE);
}

}  // namespace

// IEEE 1588-2019: the header, and the rest as zeros. Also used over UDP.
Bytes ptp_message(unsigned type, std::size_t size) {
  return joined({{static_cast<std::uint8_t>(type), 2}, be16(static_cast<unsigned>(size)), zeros(size - 4)});
}

void add_link_corpus(Corpus& all) {
  add_arp(all);
  add_802_3(all);
  add_types(all);
  for (const auto& [type, size] : ptp_types)
    all.add("ptp message " + std::to_string(type),
            Packet().to(ptp_group).ethertype(0x88f7).data(ptp_message(type, size)), EBB_R_ETHERTYPE);
}

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// DHCP, mDNS, PTP over UDP, SSH, IPsec, WireGuard.
#include "corpus.hpp"

namespace ebb::test {
namespace {

const std::string us4 = "198.51.100.7", peer4 = "192.0.2.9", us6 = "2001:db8:7::7", peer6 = "2001:db8::9";

Bytes byte(unsigned value) { return {static_cast<std::uint8_t>(value)}; }

// RFC 951, RFC 2131, RFC 2132, RFC 3203 (force renew), RFC 4388 (lease query)
void add_dhcp(Corpus& all) {
  const auto message = [](unsigned type, bool request) {
    return joined({{static_cast<std::uint8_t>(request ? 1 : 2), 1, 6, 0, 0x39, 3, 0xf3, 0x26},
                   zeros(20),
                   bytes_of(request ? mac_peer : mac_us),
                   zeros(202),
                   {0x63, 0x82, 0x53, 0x63, 53, 1},
                   byte(type),
                   byte(255)});
  };
  for (unsigned type = 1; type <= 13; ++type) {
    const std::string name = "dhcp message " + std::to_string(type);
    all.add(name + " to a client",
            Packet()
                .to(mac_broadcast)
                .ipv4("192.0.2.1", "255.255.255.255")
                .udp(67, 68)
                .data(message(type, false)),
            EBB_R_DHCP);
    all.add(name + " to us", Packet().ipv4("192.0.2.1", us4).udp(67, 68).data(message(type, false)),
            EBB_R_DHCP);
    all.add(
        name + " to a server",
        Packet().to(mac_broadcast).ipv4("0.0.0.0", "255.255.255.255").udp(68, 67).data(message(type, true)),
        EBB_R_DHCP);
  }
  all.add("bootp reply", Packet().ipv4("192.0.2.1", us4).udp(67, 68).data(joined({{2, 1, 6, 0}, zeros(296)})),
          EBB_R_DHCP);
}

// RFC 8415
void add_dhcpv6(Corpus& all) {
  const Mac servers{0x33, 0x33, 0, 1, 0, 2};
  for (unsigned type = 1; type <= 13; ++type) {
    const Bytes body = joined(
        {byte(type), {0x12, 0x34, 0x56, 0, 1, 0, 10, 0, 3, 0, 1}, bytes_of(mac_peer), {0, 8, 0, 2, 0, 0}});
    const std::string name = "dhcpv6 message " + std::to_string(type);
    all.add_ip(name + " to us", Packet().ipv6("fe80::9", "fe80::1").udp(547, 546).data(body), true,
               EBB_R_DHCP);
    all.add(name + " to servers", Packet().to(servers).ipv6("fe80::9", "ff02::1:2").udp(546, 547).data(body),
            EBB_R_DHCP);
  }
}

// RFC 6762, RFC 6763: about ebb.local
void add_mdns(Corpus& all) {
  const Bytes name = {3, 'e', 'b', 'b', 5, 'l', 'o', 'c', 'a', 'l', 0};
  const Bytes service = {4, '_', 's', 's', 'h', 4, '_', 't', 'c', 'p', 5, 'l', 'o', 'c', 'a', 'l', 0};
  const Bytes query = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, answer = {0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0};
  const Bytes ttl = {0, 0, 0, 120};
  const std::pair<const char*, Bytes> messages[] = {
      {"query for our address", joined({query, name, {0, 1, 0, 1}})},
      {"query for our ipv6 address", joined({query, name, {0, 28, 0, 1}})},
      {"query that wants unicast", joined({query, name, {0, 255, 0x80, 1}})},
      {"query for a service", joined({query, service, {0, 12, 0, 1}})},
      {"probe for our name", joined({{0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0},
                                     name,
                                     {0, 255, 0, 1},
                                     {0xc0, 12, 0, 1, 0, 1},
                                     ttl,
                                     {0, 4},
                                     bytes_of(us4)})},
      {"answer with our name", joined({answer, name, {0, 1, 0x80, 1}, ttl, {0, 4}, bytes_of(us4)})},
      {"answer with our ipv6 name", joined({answer, name, {0, 28, 0x80, 1}, ttl, {0, 16}, bytes_of(us6)})},
      {"answer with a service", joined({answer, service, {0, 12, 0, 1}, ttl, {0, 11}, name})},
      {"goodbye", joined({answer, name, {0, 1, 0x80, 1}, zeros(4), {0, 4}, bytes_of(us4)})}};
  for (const auto& [what, body] : messages) {
    const std::string text = std::string("mdns ") + what;
    all.add_ip(text,
               Packet().to(mac_multicast).ipv4(peer4, "224.0.0.251").hops(255).udp(5353, 5353).data(body),
               false, EBB_R_NAMES);
    all.add_ip(text + ", ipv6",
               Packet()
                   .to({0x33, 0x33, 0, 0, 0, 0xfb})
                   .ipv6("fe80::9", "ff02::fb")
                   .hops(255)
                   .udp(5353, 5353)
                   .data(body),
               true, EBB_R_NAMES);
    all.add(text + " to us alone", Packet().ipv4(peer4, us4).hops(255).udp(50001, 5353).data(body),
            EBB_R_NAMES);
  }
}

// IEEE 1588-2019 annexes C and D
void add_ptp(Corpus& all) {
  for (const auto& [type, size] : ptp_types) {
    const std::uint16_t port = type < 8 ? 319 : 320;  // event, general
    const std::string name = "ptp over udp, message " + std::to_string(type);
    all.add_ip(name,
               Packet()
                   .to({1, 0, 0x5e, 0, 1, 0x81})
                   .ipv4(peer4, "224.0.1.129")
                   .udp(port, port)
                   .data(ptp_message(type, size)),
               false, EBB_R_CLOCK);
    all.add(name + ", ipv6",
            Packet()
                .to({0x33, 0x33, 0, 0, 1, 0x81})
                .ipv6(peer6, "ff0e::181")
                .udp(port, port)
                .data(ptp_message(type, size)),
            EBB_R_CLOCK);
    all.add(name + " to us", Packet().ipv4(peer4, us4).udp(port, port).data(ptp_message(type, size)),
            EBB_R_CLOCK);
  }
}

// RFC 4253; RFC 9293 for the connection itself
void add_ssh(Corpus& all) {
  const Bytes banner = {'S', 'S', 'H', '-', '2', '.', '0', '-', 'x', '\r', '\n'};
  for (const bool ipv6 : {false, true}) {
    const auto base = [&] { return ipv6 ? Packet().ipv6(peer6, us6) : Packet().ipv4(peer4, us4); };
    const std::string family = ipv6 ? ", ipv6" : "";
    all.add_ip("ssh syn" + family, base().tcp(50000, 22, syn, 10), ipv6, EBB_R_TCP_CONTROL);
    all.add_ip("ssh acknowledgement" + family, base().tcp(50000, 22), ipv6, EBB_R_MANAGEMENT);
    all.add_ip("ssh banner" + family, base().tcp(50000, 22, ack | psh, 8).data(banner), ipv6,
               EBB_R_MANAGEMENT);
    all.add_ip("ssh key press" + family, base().tcp(50000, 22, ack | psh).payload(36), ipv6,
               EBB_R_MANAGEMENT);
    all.add_ip("ssh bulk" + family, base().tcp(50000, 22, ack).payload(1300), ipv6, EBB_R_MANAGEMENT);
    all.add_ip("ssh keepalive" + family, base().tcp(50000, 22, ack).payload(1), ipv6, EBB_R_MANAGEMENT);
    all.add_ip("ssh end" + family, base().tcp(50000, 22, fin | ack), ipv6, EBB_R_TCP_CONTROL);
    all.add_ip("ssh reset" + family, base().tcp(50000, 22, rst), ipv6, EBB_R_TCP_CONTROL);
    all.add_ip("tcp syn to a listener" + family, base().tcp(50000, 1883, syn, 10), ipv6, EBB_R_TCP_CONTROL);
    all.add_ip("tcp syn-ack to a client" + family, base().tcp(443, 50000, syn | ack, 10), ipv6,
               EBB_R_TCP_CONTROL);
    all.add_ip("tcp end" + family, base().tcp(443, 50000, fin | ack), ipv6, EBB_R_TCP_CONTROL);
    all.add_ip("tcp reset" + family, base().tcp(443, 50000, rst | ack), ipv6, EBB_R_TCP_CONTROL);
    all.add("tcp first fragment" + family, base().tcp(50000, 22).payload(48).fragment(0, true),
            EBB_R_TCP_CONTROL);
    all.add("tcp last fragment" + family, base().proto(6).payload(48).fragment(8, false), EBB_R_TCP_CONTROL);
  }
}

// RFC 4303, RFC 4302, RFC 7296, RFC 3948; WireGuard's protocol page
void add_tunnels(Corpus& all) {
  for (const bool ipv6 : {false, true}) {
    const auto base = [&] { return ipv6 ? Packet().ipv6(peer6, us6) : Packet().ipv4(peer4, us4); };
    const std::string family = ipv6 ? ", ipv6" : "";
    const auto udp = [&](const std::string& name, std::uint16_t port, const Bytes& begin, std::size_t size) {
      all.add_ip(name + family, base().udp(port, port).data(begin).payload(size - begin.size()), ipv6,
                 EBB_R_TUNNEL);
    };
    for (const unsigned size : {8u, 64u, 1400u})
      all.add_ip("esp of " + std::to_string(size) + " bytes" + family, base().proto(50).payload(size), ipv6,
                 EBB_R_TUNNEL);
    all.add("esp fragment" + family, base().proto(50).payload(64).fragment(9, true), EBB_R_TUNNEL);
    if (!ipv6)
      for (const std::uint8_t next : Bytes{6, 17, 50, 1})
        all.add_ip("ah before protocol " + std::to_string(next),
                   base()
                       .proto(51)
                       .data(joined({{next, 4}, zeros(2), {0, 0, 1, 0, 0, 0, 0, 1}, zeros(12)}))
                       .payload(40),
                   false, EBB_R_TUNNEL);
    else
      for (const std::uint8_t next : Bytes{50, 4, 41, 132})
        all.add("ah before protocol " + std::to_string(next) + family,
                base().extension(51, 24).proto(next).payload(40), EBB_R_TUNNEL);
    if (ipv6) {
      all.add("ah before udp" + family, base().extension(51, 24).udp(1000, 8125).payload(40), EBB_R_TUNNEL);
      all.add("ah before tcp data" + family, base().extension(51, 24).tcp(1000, 8125).payload(40),
              EBB_R_TUNNEL);
    }
    const Bytes spi = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0};
    for (const std::uint8_t exchange : Bytes{34, 35, 36, 37}) {
      const Bytes ike = joined({spi, {33, 0x20, exchange, 8, 0, 0, 0, 0}, {0, 0, 1, 0}});
      udp("ike exchange " + std::to_string(exchange), 500, ike, 256);
      udp("ike exchange " + std::to_string(exchange) + " behind nat", 4500, joined({zeros(4), ike}), 260);
    }
    udp("ikev1 main mode", 500, joined({spi, {1, 0x10, 2, 0, 0, 0, 0, 0}}), 200);
    udp("esp in udp", 4500, {0, 0, 16, 1, 0, 0, 0, 1}, 120);
    udp("nat keepalive", 4500, {0xff}, 1);
    udp("wireguard initiation", 51820, {1, 0, 0, 0}, 148);
    udp("wireguard response", 51820, {2, 0, 0, 0}, 92);
    udp("wireguard cookie", 51820, {3, 0, 0, 0}, 64);
    udp("wireguard data", 51820, {4, 0, 0, 0}, 1200);
    udp("wireguard keepalive", 51820, {4, 0, 0, 0}, 32);
  }
}

}  // namespace

void add_services_corpus(Corpus& all) {
  add_dhcp(all);
  add_dhcpv6(all);
  add_mdns(all);
  add_ptp(all);
  add_ssh(all);
  add_tunnels(all);
}

}  // namespace ebb::test

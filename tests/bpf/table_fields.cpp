// SPDX-License-Identifier: GPL-2.0-or-later
// Rows: DSCP, VLAN, TCP flags, destination, listener and service.
#include <utility>

#include "table.hpp"

namespace ebb::test {
namespace {

constexpr std::uint16_t port_dscp = 7300, port_vlan = 7301, port_flags = 7302, port_to = 7303,
                        port_service = 7320;

void add_listeners(std::vector<Row>& rows) {
  Situation known = usual();
  known.iface |= EBB_IF_SOCKETS;
  const auto nobody = [&](std::string name, const Packet& p) {
    rows.push_back(drops(name + " that nobody wants", p.bytes(), "unwanted", known));
    rows.push_back(passes(name + ", sockets not known", p.bytes(), "-", EBB_R_UNCLASSIFIED));
    rows.push_back(passes(name + " that nobody wants, tagged", Packet(p).vlan(3).bytes(), "-",
                          EBB_R_UNCLASSIFIED, known));
  };
  const auto wanted = [&](std::string name, const Packet& p) {
    rows.push_back(passes(name + " that a socket wants", p.bytes(), "-", EBB_R_UNCLASSIFIED, known));
  };
  const auto four = [] { return Packet().ipv4(); };
  const auto six = [] { return Packet().ipv6(); };
  nobody("udp", four().udp(1, port_unwanted));
  nobody("udp over ipv6", six().udp(1, port_unwanted));
  nobody("tcp", four().tcp(1, port_unwanted));
  nobody("tcp over ipv6", six().tcp(1, port_unwanted));
  nobody("tcp to udp's port", four().tcp(1, port_unwanted + 1));
  nobody("udp to tcp's port", six().udp(1, port_unwanted + 2));
  wanted("udp", four().udp(1, port_unwanted + 1));
  wanted("udp over ipv6", six().udp(1, port_unwanted + 1));
  wanted("tcp", four().tcp(1, port_unwanted + 2));
  wanted("tcp over ipv6", six().tcp(1, port_unwanted + 2));
  rows.push_back(passes("sctp has no listener",
                        Packet().ipv4("192.0.2.1", "192.0.2.79").proto(132).payload(20).bytes(), "-",
                        EBB_R_UNCLASSIFIED, known));
  rows.push_back(passes("a fragment has no listener", four().udp(1, port_unwanted).fragment(0, true).bytes(),
                        "-", EBB_R_UNCLASSIFIED, known));

  // A connection request keeps its protection unless nobody listens and a drop would hit it.
  for (const bool ipv6 : {false, true}) {
    const Packet base = ipv6 ? six() : four();
    const std::string family = ipv6 ? ", ipv6" : "";
    const auto to = [&](std::uint16_t port, std::uint8_t flags = syn) {
      return Packet(base).tcp(1, port, flags);
    };
    rows.push_back(drops("syn that nobody wants" + family, to(port_unwanted).bytes(), "unwanted", known));
    rows.push_back(drops("syn to a closed port" + family, to(port_drop).bytes(), "drop", known));
    rows.push_back(
        passes("syn where sockets are not known" + family, to(port_drop).bytes(), "drop", EBB_R_TCP_CONTROL));
    rows.push_back(passes("tagged syn to a closed port" + family, to(port_drop).vlan(3).bytes(), "drop",
                          EBB_R_TCP_CONTROL, known));
    rows.push_back(passes("syn to a closed port that is only trimmed" + family,
                          to(port_padding).pad(6).bytes(), "padding", EBB_R_TCP_CONTROL, known));
    rows.push_back(passes("syn that a socket wants" + family, to(port_unwanted + 2).bytes(), "-",
                          EBB_R_TCP_CONTROL, known));
    rows.push_back(passes("syn to a closed management port" + family, to(22).bytes(), "guarded",
                          EBB_R_TCP_CONTROL, known));
    for (const std::uint8_t flags : Bytes{syn | ack, fin | ack, rst, syn | rst, syn | fin})
      rows.push_back(passes("no request: flags " + std::to_string(flags) + family,
                            to(port_drop, flags).bytes(), "drop", EBB_R_TCP_CONTROL, known));
  }
}

}  // namespace

void add_field_classes(Config& config) {
  const auto add = [&](std::string name, std::vector<Rule> rules, Treatment treat) {
    config.classes.push_back(treated(std::move(name), std::move(rules), treat));
  };
  const Treatment drop{.drop = true};
  Rule r = on(port_dscp);
  r.dscp = {{46, 46}, {8, 15}};
  add("dscp", {r}, drop);
  r = on(port_vlan);
  r.vlan = {{10, 10}, {20, 30}, {4094, 4094}};
  Rule lldp;
  lldp.ethertype = {{0x88cc, 0x88cc}};
  lldp.vlan = {{11, 11}};
  add("vlan", {r, lldp}, drop);
  r = on(port_flags);
  r.tcp_flags = {{psh | ack, ack}, {0xc0, 0xc0}};
  add("flags", {r}, drop);
  r = on(port_to);
  r.to = {Destination::us};
  add("to-us", {r}, drop);
  r.to = {Destination::forwarded};
  add("forwarded", {r}, {.steer = true});
  r = {};
  r.dport = {{port_unwanted, port_unwanted + 5}};
  r.no_listener = true;
  Rule dst = {};
  dst.no_listener = true;
  dst.dst = {host("192.0.2.79")};
  add("unwanted", {r, dst}, drop);
  r = {};
  r.owner = {{false, "one.service"}, {true, "/user.slice/two"}};
  r.dport = {{port_service, port_service + 9}};
  add("service", {r}, drop);
  add_answer_classes(config);
}

void add_fields(std::vector<Row>& rows) {
  const auto pass = [&](std::string name, const Packet& p, const char* c = "-",
                        ebb_reason reason = EBB_R_UNCLASSIFIED, Situation now = usual()) {
    rows.push_back(passes(std::move(name), p.bytes(), c, reason, std::move(now)));
  };
  const auto drop = [&](std::string name, const Packet& p, const char* c, Situation now = usual()) {
    rows.push_back(drops(std::move(name), p.bytes(), c, std::move(now)));
  };
  for (const bool ipv6 : {false, true}) {
    const Packet base = ipv6 ? Packet().ipv6() : Packet().ipv4();
    const std::string family = ipv6 ? ", ipv6" : "";
    const auto udp = [&](std::uint16_t port) { return Packet(base).udp(1, port).payload(20); };
    for (const std::uint8_t value : Bytes{46, 8, 15})
      drop("dscp " + std::to_string(value) + family, udp(port_dscp).dscp(value), "dscp");
    for (const std::uint8_t value : Bytes{0, 7, 16, 45, 47, 63})
      pass("dscp " + std::to_string(value) + family, udp(port_dscp).dscp(value));
    for (const std::uint16_t id : std::vector<std::uint16_t>{10, 20, 30, 4094, 0xe00a, 0x1014})
      drop("vlan tci " + std::to_string(id) + family, udp(port_vlan).vlan(id), "vlan");
    for (const std::uint16_t id : std::vector<std::uint16_t>{9, 11, 19, 31, 4093, 4095, 0, 0xe000})
      pass("vlan tci " + std::to_string(id) + family, udp(port_vlan).vlan(id));
    pass("no vlan" + family, udp(port_vlan));
    drop("the outer vlan counts" + family, udp(port_vlan).vlan(25, 0x88a8).vlan(1), "vlan");
    pass("the inner vlan does not count" + family, udp(port_vlan).vlan(1, 0x88a8).vlan(25));
    pass("nor behind a priority tag" + family, udp(port_vlan).vlan(0).vlan(25));

    const auto tcp = [&](std::uint8_t flags) { return Packet(base).tcp(1, port_flags, flags); };
    drop("tcp flags ack" + family, tcp(ack), "flags");
    drop("tcp flags ack urg" + family, tcp(ack | urg), "flags");
    drop("tcp flags ece cwr" + family, tcp(0xc0), "flags");
    drop("tcp flags ece cwr psh" + family, tcp(0xc8), "flags");
    pass("tcp flags ack psh" + family, tcp(ack | psh));
    pass("tcp flags ece" + family, tcp(0x40));
    pass("tcp flags ack syn" + family, tcp(ack | syn), "flags", EBB_R_TCP_CONTROL);
    pass("udp has no tcp flags" + family, udp(port_flags));

    Situation now = usual();
    now.macs = {mac_us, mac_us_too};
    now.addresses = {{ipv6, address(ipv6 ? "2001:db8:7::7" : "198.51.100.7"), false, false}};
    drop("to us" + family, udp(port_to), "to-us", now);
    drop("to us by another interface's mac" + family, udp(port_to).to(mac_us_too), "to-us", now);
    drop("to us, tagged" + family, udp(port_to).vlan(7), "to-us", now);
    pass("our address by somebody's mac" + family, udp(port_to).to(mac_peer), "-", EBB_R_UNCLASSIFIED, now);
    Situation gateway = now;
    if (!ipv6)
      for (const char* other : {"192.0.2.7", "203.0.113.7", "10.0.0.7"})
        gateway.addresses.insert(gateway.addresses.begin(), {false, address(other), false, false});
    drop("to us, one of four addresses with that last byte" + family, udp(port_to), "to-us", gateway);
    Situation nobody = now;
    nobody.addresses.clear();
    rows.push_back({"forwarded" + family, udp(port_to).bytes(), nobody, "forwarded", EBB_STEER, -1,
                    Action::redirect, udp(port_to).bytes()});
    pass("neither ours" + family, udp(port_to).to(mac_peer), "-", EBB_R_UNCLASSIFIED, nobody);

    Situation services = usual();
    services.iface |= EBB_IF_SOCKETS;
    const auto at = [](unsigned n) { return static_cast<std::uint16_t>(port_service + n); };
    services.owners = {{{false, at(0)}, "/system.slice/one.service"},
                       {{false, at(1)}, "/user.slice/two/three"},
                       {{false, at(2)}, "/user.slice/twofold"},
                       {{false, at(3)}, "/system.slice/none.service"},
                       {{true, at(4)}, "/user.slice/two"}};
    drop("of a service" + family, udp(at(0)), "service", services);
    drop("of a cgroup below" + family, udp(at(1)), "service", services);
    drop("of a cgroup, tcp" + family, Packet(base).tcp(1, at(4)), "service", services);
    pass("of a cgroup with a longer name" + family, udp(at(2)), "-", EBB_R_UNCLASSIFIED, services);
    pass("of another service" + family, udp(at(3)), "-", EBB_R_UNCLASSIFIED, services);
    pass("udp to a service's tcp port" + family, udp(at(4)), "-", EBB_R_UNCLASSIFIED, services);
    pass("of nobody" + family, udp(at(5)), "-", EBB_R_UNCLASSIFIED, services);
    pass("a fragment's service is not known" + family, udp(at(0)).fragment(0, true), "-", EBB_R_UNCLASSIFIED,
         services);
    Situation doubt = services;
    doubt.owners_known = false;
    pass("of a service in doubt" + family, udp(at(0)), "-", EBB_R_UNCLASSIFIED, doubt);
    doubt = services;
    doubt.iface = EBB_IF_TERMINAL;
    pass("of a service, sockets not known" + family, udp(at(0)), "-", EBB_R_UNCLASSIFIED, doubt);
  }
  pass("lldp in a vlan that a rule names", Packet().vlan(11).ethertype(0x88cc).payload(46), "vlan",
       EBB_R_ETHERTYPE);
  pass("lldp in another vlan", Packet().vlan(12).ethertype(0x88cc).payload(46), "lldp", EBB_R_ETHERTYPE);
  add_listeners(rows);
}

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// Rows: each treatment in each state, observed and enforced, on each kind of interface; and what trimming
// does to bytes.
#include <array>

#include "table.hpp"

namespace ebb::test {
namespace {

constexpr std::array<const char*, 9> kinds = {
    "pass", "drop", "padding", "trim", "steer", "trim-steer", "drop-steer", "padding-steer", "drop-trim"};

struct Wanted {
  ebb_verdict verdict;
  int reason;
};

// A datagram with 200 bytes of payload and 6 of padding: every treatment has something to do.
Packet datagram(std::uint16_t port, bool ipv6) {
  return (ipv6 ? Packet().ipv6() : Packet().ipv4()).udp(4000, port).payload(200).pad(6);
}

// What goes on after `kind` was carried out.
Bytes carried_out(const Packet& packet, const std::string& kind, ebb_verdict verdict) {
  Packet out = packet;
  if (verdict == EBB_DROP) return {};
  if (verdict == EBB_TRIM || verdict == EBB_TRIM_STEER) out.pad(0);
  if (out.pad(0).bytes() != packet.bytes() && kind.find("trim") != std::string::npos) out.payload(trim_to);
  return verdict == EBB_TRIM || verdict == EBB_TRIM_STEER ? out.bytes() : packet.bytes();
}

void add_kind(std::vector<Row>& rows, const std::string& name, const std::string& class_name,
              std::size_t kind, const Packet& packet, const Situation& now, Wanted wanted) {
  Row row{name, packet.bytes(), now, class_name, wanted.verdict, wanted.reason, Action::pass, packet.bytes()};
  if (now.enforcement == Enforcement::enforce) {
    row.out = carried_out(packet, kinds[kind], wanted.verdict);
    const bool moves =
        (wanted.verdict == EBB_STEER || wanted.verdict == EBB_TRIM_STEER) && !now.masks[0].test(0);
    row.action = wanted.verdict == EBB_DROP ? Action::drop : moves ? Action::redirect : Action::pass;
  }
  rows.push_back(std::move(row));
}

constexpr Wanted reason(ebb_reason r) { return {EBB_PASS, r}; }
constexpr Wanted verdict(ebb_verdict v) { return {v, -1}; }

// By kind, where everything is possible; where the interface forwards; where nothing is steered; where
// neither works.
constexpr std::array<Wanted, 9> free_hand = {
    reason(EBB_R_TREATMENT), verdict(EBB_DROP),       verdict(EBB_TRIM),
    verdict(EBB_TRIM),       verdict(EBB_STEER),      verdict(EBB_TRIM_STEER),
    verdict(EBB_DROP),       verdict(EBB_TRIM_STEER), verdict(EBB_DROP)};
constexpr std::array<Wanted, 9> forwarding = {
    reason(EBB_R_TREATMENT), reason(EBB_R_FORWARDS), reason(EBB_R_FORWARDS),
    reason(EBB_R_FORWARDS),  verdict(EBB_STEER),     verdict(EBB_STEER),
    verdict(EBB_STEER),      verdict(EBB_STEER),     reason(EBB_R_FORWARDS)};
constexpr std::array<Wanted, 9> unsteered = {
    reason(EBB_R_TREATMENT), verdict(EBB_DROP),           verdict(EBB_TRIM),
    verdict(EBB_TRIM),       reason(EBB_R_NOTHING_TO_DO), verdict(EBB_TRIM),
    verdict(EBB_DROP),       verdict(EBB_TRIM),           verdict(EBB_DROP)};
constexpr std::array<Wanted, 9> neither = {
    reason(EBB_R_TREATMENT), reason(EBB_R_FORWARDS),      reason(EBB_R_FORWARDS),
    reason(EBB_R_FORWARDS),  reason(EBB_R_NOTHING_TO_DO), reason(EBB_R_FORWARDS),
    reason(EBB_R_FORWARDS),  reason(EBB_R_FORWARDS),      reason(EBB_R_FORWARDS)};

void add_matrix(std::vector<Row>& rows) {
  for (const auto state :
       {PowerState::performance, PowerState::balanced, PowerState::power_saver, PowerState::critical})
    for (const auto enforcement : {Enforcement::observe, Enforcement::enforce}) {
      Situation now = usual();
      now.state = state;
      now.enforcement = enforcement;
      const std::string where =
          std::string(" in ") + std::string(word(state)) + ", " + std::string(word(enforcement));
      for (std::size_t k = 0; k < 8; ++k) {
        const std::size_t kind = (k + static_cast<std::size_t>(state)) % 8;
        const auto port = static_cast<std::uint16_t>(port_turning + k);
        add_kind(rows, "turning " + std::to_string(k) + where, "turning-" + std::to_string(k), kind,
                 datagram(port, k % 2), now, free_hand[kind]);
      }
      for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        const Packet packet = datagram(static_cast<std::uint16_t>(port_pass + kind), kind % 2 == 0);
        const auto add = [&](const char* what, const Situation& s, const std::array<Wanted, 9>& wanted) {
          add_kind(rows, kinds[kind] + where + what, kinds[kind], kind, packet, s, wanted[kind]);
        };
        add("", now, free_hand);
        Situation s = now;
        s.iface = EBB_IF_STEER;
        add(", forwarding", s, forwarding);
        s.iface = EBB_IF_TERMINAL;
        add(", interface without steering", s, unsteered);
        s.iface = 0;
        add(", forwarding without steering", s, neither);
        s = now;
        s.masks.fill({});
        add(", no mask", s, unsteered);
        s.masks[static_cast<std::size_t>(state) ^ 1].set(1);
        add(", a mask in another state only", s, unsteered);
        for (CpuMask& mask : s.masks) mask.set(0);
        add(", on a CPU of the mask", s, free_hand);
        s = now;
        s.inert = true;
        add_kind(rows, kinds[kind] + where + ", inert", "", kind, packet, s, reason(EBB_R_INERT));
      }
    }
  Situation inert = usual();
  inert.inert = true;
  rows.push_back(passes("malformed while inert", Bytes(14, 0x08), "", EBB_R_INERT, inert));
  rows.push_back(passes("arp while inert", Packet().arp().bytes(), "", EBB_R_INERT, inert));
}

void add_trimming(std::vector<Row>& rows) {
  const auto four = [] { return Packet().ipv4().udp(4000, port_trim); };
  const auto six = [] { return Packet().ipv6().udp(4000, port_trim); };
  const auto shape = [&](const std::string& name, const Packet& base) {
    const auto with = [&](std::size_t payload, std::size_t pad) {
      return Packet(base).payload(payload).pad(pad).bytes();
    };
    for (const std::size_t payload : {0u, 1u, 63u, 64u}) {
      const std::string size = name + " with " + std::to_string(payload) + " bytes";
      rows.push_back(passes(size + " is short enough", with(payload, 0), "trim", EBB_R_NOTHING_TO_DO));
      rows.push_back(trims(size + " loses its padding", with(payload, 18), with(payload, 0), "trim"));
    }
    for (const std::size_t payload :
         {65u, 66u, 67u, 68u, 127u, 128u, 320u, 321u, 575u, 1400u, 1471u, 1472u, 3000u, 3300u}) {
      const std::string size = name + " with " + std::to_string(payload) + " bytes";
      rows.push_back(trims(size, with(payload, 0), with(trim_to, 0), "trim"));
      rows.push_back(trims(size + " and padding", with(payload, 3), with(trim_to, 0), "trim"));
    }
  };
  shape("trim ipv4", four());
  shape("trim ipv6", six());
  shape("trim ipv4 behind two tags", four().vlan(1).vlan(2));
  shape("trim ipv4 with options", four().options(12));
  shape("trim ipv6 behind extension headers", six().extension(0).extension(60, 24));
  shape("trim an atomic ipv6 fragment", six().fragment(0, false));
  shape("trim ipv4 without a checksum", four().check(0));
  shape("trim ipv6 with checksum zero", six().check(0));

  // A wrong checksum stays wrong by as much.
  for (const bool ipv6 : {false, true})
    for (const unsigned error : {1u, 0x100u, 0x8000u, 0xfffeu}) {
      const Packet whole = (ipv6 ? six() : four()).payload(501);
      const std::size_t at = whole.l4() + 6;
      const Packet cut = Packet(whole).payload(trim_to);
      const auto wrong = [&](const Packet& p) {
        const unsigned sum = (get16(p.bytes(), at) + error) % 65535;
        return static_cast<std::uint16_t>(sum ? sum : 65535);
      };
      rows.push_back(trims("trim " + std::string(ipv6 ? "ipv6" : "ipv4") + " with a checksum wrong by " +
                               std::to_string(error),
                           Packet(whole).check(wrong(whole)).bytes(), Packet(cut).check(wrong(cut)).bytes(),
                           "trim"));
    }
  // A checksum that comes out as zero is written as 0xffff.
  for (const bool ipv6 : {false, true})
    for (unsigned sport = 0; sport < 65536; ++sport) {
      Packet packet = ipv6 ? six() : four();
      packet.udp(static_cast<std::uint16_t>(sport), port_trim).payload(trim_to);
      if (get16(packet.bytes(), packet.l4() + 6) != 0xffff) continue;
      rows.push_back(trims(std::string("trim to a checksum of zero, ") + (ipv6 ? "ipv6" : "ipv4"),
                           Packet(packet).payload(333).bytes(), packet.bytes(), "trim"));
      break;
    }

  const auto keeps = [&](std::string name, const Bytes& frame, const char* c = "trim") {
    rows.push_back(passes(std::move(name), frame, c, EBB_R_UNTRIMMABLE));
  };
  keeps("tcp is not trimmed", Packet().ipv4().tcp(1, port_trim).payload(500).bytes());
  keeps("tcp is not trimmed, nor its padding", Packet().ipv6().tcp(1, port_trim).payload(5).pad(20).bytes());
  keeps("a fragment is not trimmed",
        Packet().ipv4("192.0.2.1", "198.51.100.100").udp(1, 1).payload(500).fragment(0, true).bytes(),
        "cut-net");
  keeps("an ipv6 fragment is not trimmed",
        Packet().ipv6("2001:db8::1", "2001:db8:f::f").udp(1, 1).payload(500).fragment(9, false).bytes(),
        "cut-net");
  keeps("gre is not trimmed", Packet().ipv4("192.0.2.1", "198.51.100.103").proto(132).payload(500).bytes(),
        "cut-net");
  for (const bool ipv6 : {false, true}) {
    const Packet packet = (ipv6 ? six() : four()).payload(300);
    Bytes frame = packet.bytes();
    put16(frame, packet.l4() + 4, 307);
    keeps(std::string("udp length below ip's is not trimmed, ") + (ipv6 ? "ipv6" : "ipv4"), frame);
  }

  const auto padding = [&](std::string name, const Packet& p, const char* c = "padding") {
    rows.push_back(trims(name + ", padded", Packet(p).pad(1).bytes(), p.bytes(), c));
    rows.push_back(passes(name + ", not padded", p.bytes(), c, EBB_R_NOTHING_TO_DO));
  };
  padding("padding behind udp", Packet().ipv4().udp(1, port_padding).payload(3));
  padding("padding behind tcp", Packet().ipv4().tcp(1, port_padding));
  padding("padding behind tcp over ipv6", Packet().ipv6().tcp(1, port_padding).payload(9));
  padding("padding behind two tags", Packet().vlan(1).vlan(2).ipv6().udp(1, port_padding));
  Packet shorter = Packet().ipv4().udp(1, port_padding).payload(30);
  Bytes frame = shorter.bytes(), cut = frame;
  put16(frame, shorter.l4() + 4, 20);
  put16(cut, shorter.l4() + 4, 20);
  frame.resize(frame.size() + 7);
  rows.push_back(trims("padding ends where ip ends, not udp", frame, cut, "padding"));
}

}  // namespace

void add_treatments(std::vector<Row>& rows) {
  add_matrix(rows);
  add_trimming(rows);
}

}  // namespace ebb::test

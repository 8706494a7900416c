// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/reference.hpp"

#include <algorithm>
#include <type_traits>

namespace ebb::test {
namespace {

struct Parsed {
  std::optional<ebb_reason> stop;  // malformed or unparsed
  std::optional<ebb_reason> protection;
  Fields fields;
  bool fragment = false, udp = false;
  std::size_t l3 = 0, l4 = 0, end = 0;  // offsets; `end` is behind the last byte of L3
};

bool one_of(unsigned value, std::initializer_list<unsigned> list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Delivery delivery(const Bytes& frame) {
  if (std::all_of(frame.begin(), frame.begin() + 6, [](std::uint8_t b) { return b == 255; }))
    return Delivery::broadcast;
  return frame[0] & 1 ? Delivery::multicast : Delivery::unicast;
}

// Transport header of the whole packet between p.l4 and p.end.
void read_transport(const Bytes& frame, const std::vector<std::uint16_t>& management, Parsed& p) {
  Fields& f = p.fields;
  const std::size_t size = p.end - p.l4;
  const bool tcp = f.proto == 6, icmp4 = f.proto == 1, icmp6 = f.proto == 58;
  p.udp = f.proto == 17;
  if (size < (tcp ? 20u : p.udp || icmp4 ? 8u : icmp6 ? 4u : 0u)) return void(p.stop = EBB_R_MALFORMED);

  const auto* head = frame.data() + p.l4;
  if (tcp && (head[12] >> 4 < 5 || (head[12] >> 4) * 4u > size)) return void(p.stop = EBB_R_MALFORMED);
  if (p.udp) {
    const auto length = get16(frame, p.l4 + 4);
    if (length < 8 || length > size) return void(p.stop = EBB_R_MALFORMED);
  }
  if (tcp || p.udp) {
    f.ports = true;
    f.sport = get16(frame, p.l4);
    f.dport = get16(frame, p.l4 + 2);
  }
  if (icmp4 && !f.ipv6 && one_of(head[0], {3, 4, 5, 9, 10, 11, 12})) p.protection = EBB_R_ICMP_ERROR;
  if (icmp6 && f.ipv6) {
    if (one_of(head[0], {1, 2, 3, 4})) p.protection = EBB_R_ICMP_ERROR;
    if (one_of(head[0], {130, 131, 132, 143, 151, 152, 153})) p.protection = EBB_R_MULTICAST_CTL;
    if (one_of(head[0], {133, 134, 135, 136, 137, 141, 142, 148, 149})) p.protection = EBB_R_NEIGHBOUR;
  }
  if (p.udp && (f.ipv6 ? one_of(f.dport, {546, 547}) : one_of(f.dport, {67, 68}))) p.protection = EBB_R_DHCP;
  if (tcp && (head[13] & (syn | fin | rst))) p.protection = EBB_R_TCP_CONTROL;
  if (!p.protection && f.ports && std::count(management.begin(), management.end(), f.dport))
    p.protection = EBB_R_MANAGEMENT;
}

void read_ipv4(const Bytes& frame, Parsed& p) {
  const std::size_t present = frame.size() - p.l3;
  if (present < 20) return void(p.stop = EBB_R_MALFORMED);
  const auto* ip = frame.data() + p.l3;
  const std::size_t header = (ip[0] & 15) * 4u, total = get16(frame, p.l3 + 2);
  if (ip[0] >> 4 != 4 || header < 20 || header > present || total < header || total > present)
    return void(p.stop = EBB_R_MALFORMED);
  p.l4 = p.l3 + header;
  p.end = p.l3 + total;
  p.fragment = (get16(frame, p.l3 + 6) & 0x3fff) != 0;
  p.fields.length = static_cast<std::uint16_t>(total);
  p.fields.proto = ip[9];
  std::copy_n(ip + 12, 4, p.fields.src.begin());
  std::copy_n(ip + 16, 4, p.fields.dst.begin());
  if (p.fields.proto == 2) p.protection = EBB_R_MULTICAST_CTL;
}

void read_ipv6(const Bytes& frame, Parsed& p) {
  const std::size_t present = frame.size() - p.l3;
  if (present < 40 || frame[p.l3] >> 4 != 6) return void(p.stop = EBB_R_MALFORMED);
  const std::size_t payload = get16(frame, p.l3 + 4);
  if (40 + payload > present) return void(p.stop = EBB_R_MALFORMED);
  p.end = p.l3 + 40 + payload;
  p.l4 = p.l3 + 40;
  p.fields.length = static_cast<std::uint16_t>(40 + payload);
  std::copy_n(frame.data() + p.l3 + 8, 16, p.fields.src.begin());
  std::copy_n(frame.data() + p.l3 + 24, 16, p.fields.dst.begin());

  unsigned next = frame[p.l3 + 6];
  for (int count = 0; one_of(next, {0, 43, 44, 51, 60}); ++count) {
    if (count == 6) return void(p.stop = EBB_R_UNPARSED);
    if (p.end - p.l4 < 8) return void(p.stop = EBB_R_MALFORMED);
    const unsigned units = frame[p.l4 + 1];
    const std::size_t size = next == 44 ? 8 : next == 51 ? (units + 2) * 4 : (units + 1) * 8;
    if (size > p.end - p.l4) return void(p.stop = EBB_R_MALFORMED);
    p.fragment = next == 44 && (get16(frame, p.l4 + 2) & 0xfff9) != 0;
    next = frame[p.l4];
    p.l4 += size;
    if (p.fragment) break;
  }
  p.fields.proto = static_cast<std::uint8_t>(next);
}

Parsed parse(const Bytes& frame, const std::vector<std::uint16_t>& management) {
  Parsed p;
  p.fields.delivery = delivery(frame);
  std::size_t at = 12;
  p.fields.ethertype = get16(frame, at);
  for (int tags = 0; tags < 2 && one_of(p.fields.ethertype, {0x8100, 0x88a8}); ++tags) {
    at += 4;
    if (frame.size() < at + 2) return p.stop = EBB_R_MALFORMED, p;
    p.fields.ethertype = get16(frame, at);
  }
  p.l3 = at + 2;
  if (p.fields.ethertype == 0x0806)
    p.protection = EBB_R_ARP;
  else if (!one_of(p.fields.ethertype, {0x0800, 0x86dd}))
    p.protection = EBB_R_ETHERTYPE;
  if (p.protection) return p;

  p.fields.ip = true;
  p.fields.ipv6 = p.fields.ethertype == 0x86dd;
  p.fields.ipv6 ? read_ipv6(frame, p) : read_ipv4(frame, p);
  if (p.stop) return p;
  if (!p.fragment)
    read_transport(frame, management, p);
  else if (p.fields.proto == 6)
    p.protection = EBB_R_TCP_CONTROL;
  return p;
}

template <typename T>
bool accepts(const std::vector<T>& list, bool has_field, unsigned value) {
  if (list.empty()) return true;
  return has_field && std::any_of(list.begin(), list.end(), [&](const T& entry) {
           if constexpr (std::is_same_v<T, Range16>)
             return entry.first <= value && value <= entry.last;
           else
             return static_cast<unsigned>(entry) == value;
         });
}

bool accepts(const std::vector<Prefix>& list, const Fields& f, const std::array<std::uint8_t, 16>& value) {
  if (list.empty()) return true;
  return f.ip && std::any_of(list.begin(), list.end(), [&](const Prefix& prefix) {
           if (prefix.ipv6 != f.ipv6) return false;
           for (unsigned bit = 0; bit < prefix.length; ++bit)
             if ((prefix.address[bit / 8] ^ value[bit / 8]) >> (7 - bit % 8) & 1) return false;
           return true;
         });
}

// An Internet checksum that was wrong by some amount stays wrong by that amount.
std::uint16_t carry_error(std::uint16_t stored, std::uint16_t right_before, std::uint16_t right_after) {
  return static_cast<std::uint16_t>((stored + 65535u - right_before + right_after) % 65535u);
}

// The UDP datagram of `frame` with `keep` bytes of payload, nothing behind it.
Bytes shorten(const Bytes& frame, const Parsed& p, std::size_t keep) {
  const std::size_t addresses = p.fields.ipv6 ? 16 : 4;
  const auto right_udp = [&](const Bytes& f, std::size_t end) {
    Bytes l4(f.begin() + static_cast<std::ptrdiff_t>(p.l4), f.begin() + static_cast<std::ptrdiff_t>(end));
    put16(l4, 6, 0);
    Bytes pair(p.fields.src.begin(), p.fields.src.begin() + static_cast<std::ptrdiff_t>(addresses));
    pair.insert(pair.end(), p.fields.dst.begin(),
                p.fields.dst.begin() + static_cast<std::ptrdiff_t>(addresses));
    return internet_checksum(l4, pseudo_header(pair, 17, l4.size()));
  };
  const auto right_ip = [&](const Bytes& f) {
    Bytes ip(f.begin() + static_cast<std::ptrdiff_t>(p.l3), f.begin() + static_cast<std::ptrdiff_t>(p.l4));
    put16(ip, 10, 0);
    return internet_checksum(ip);
  };
  const std::size_t end = p.l4 + 8 + keep;
  Bytes out(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(end));
  put16(out, p.l4 + 4, static_cast<std::uint16_t>(8 + keep));
  if (p.fields.ipv6)
    put16(out, p.l3 + 4, static_cast<std::uint16_t>(end - p.l3 - 40));
  else {
    put16(out, p.l3 + 2, static_cast<std::uint16_t>(end - p.l3));
    put16(out, p.l3 + 10, carry_error(get16(frame, p.l3 + 10), right_ip(frame), right_ip(out)));
  }
  if (const auto stored = get16(frame, p.l4 + 6)) {
    const auto check = carry_error(stored, right_udp(frame, p.end), right_udp(out, end));
    put16(out, p.l4 + 6, check ? check : 0xffff);
  }
  return out;
}

}  // namespace

std::optional<Fields> read_fields(const Bytes& frame) {
  const Parsed p = parse(frame, {});
  if (p.stop) return std::nullopt;
  return p.fields;
}

bool matches(const Rule& rule, const Fields& f) {
  return accepts(rule.ethertype, true, f.ethertype) && accepts(rule.delivery, true, unsigned(f.delivery)) &&
         accepts(rule.proto, f.ip, f.proto) && accepts(rule.length, f.ip, f.length) &&
         accepts(rule.sport, f.ports, f.sport) && accepts(rule.dport, f.ports, f.dport) &&
         accepts(rule.src, f, f.src) && accepts(rule.dst, f, f.dst);
}

unsigned first_match(const Config& config, const Fields& fields) {
  for (unsigned i = 0; i < config.classes.size(); ++i)
    for (const Rule& rule : config.classes[i].match)
      if (matches(rule, fields)) return i;
  return EBB_CLASSES;
}

Outcome judge(const Config& config, const std::vector<std::uint8_t>& slots, const Situation& now,
              const Bytes& frame) {
  Outcome out;
  out.frame = frame;
  const auto passed = [&](ebb_reason reason) { return out.reason = reason, out; };
  if (now.inert) return passed(EBB_R_INERT);
  const Parsed p = parse(frame, config.management_ports);
  if (p.stop) return passed(*p.stop);

  const unsigned index = first_match(config, p.fields);
  out.slot = index < EBB_CLASSES ? slots[index] : index;
  static const Treatment none;
  const Treatment& treat = index < EBB_CLASSES ? config.classes[index].treat[std::size_t(now.state)] : none;
  const bool shorten_or_drop = (treat.drop || treat.trim_padding || treat.trim) && !p.protection;
  if (!shorten_or_drop && !treat.steer)
    return passed(p.protection ? *p.protection : index < EBB_CLASSES ? EBB_R_TREATMENT : EBB_R_UNCLASSIFIED);

  const bool forwards = shorten_or_drop && !(now.iface & EBB_IF_TERMINAL);
  const bool terminal = shorten_or_drop && !forwards;
  const bool enforce = now.enforcement == Enforcement::enforce;
  if (terminal && treat.drop) {
    out.verdict = EBB_DROP;
    if (enforce) out.action = Action::drop, out.frame.clear();
    return out;
  }

  Bytes shorter = frame;
  bool untrimmable = false;
  if (terminal && treat.trim) {
    const std::size_t payload = p.end - p.l4 < 8 ? 0 : p.end - p.l4 - 8;
    const std::size_t keep = treat.trim.value_or(0);
    untrimmable = !p.udp || get16(frame, p.l4 + 4) != p.end - p.l4 || p.end > 16384;
    if (!untrimmable)
      shorter = payload > keep ? shorten(frame, p, keep)
                               : Bytes(frame.begin(), frame.begin() + std::ptrdiff_t(p.end));
  } else if (terminal && treat.trim_padding) {
    shorter.resize(p.end);
  }
  const bool trimmed = shorter.size() < frame.size();

  const CpuMask& mask = now.masks[std::size_t(now.state)];
  const bool steered = treat.steer && (now.iface & EBB_IF_STEER) && !mask.empty();
  out.verdict = trimmed && steered ? EBB_TRIM_STEER : trimmed ? EBB_TRIM : steered ? EBB_STEER : EBB_PASS;
  if (out.verdict == EBB_PASS)
    return passed(p.protection  ? *p.protection
                  : forwards    ? EBB_R_FORWARDS
                  : untrimmable ? EBB_R_UNTRIMMABLE
                                : EBB_R_NOTHING_TO_DO);
  if (!enforce) return out;
  out.frame = shorter;
  if (steered && now.xdp && !mask.test(now.cpu)) out.action = Action::redirect;
  return out;
}

std::string describe(const Outcome& o) {
  constexpr const char* actions[] = {"pass", "drop", "redirect"};
  constexpr const char* verdicts[] = {"PASS", "DROP", "TRIM", "STEER", "TRIM_STEER"};
  return std::string(actions[int(o.action)]) + " " + std::to_string(o.frame.size()) + " bytes, slot " +
         (o.slot ? std::to_string(*o.slot) : "none") + ", " + verdicts[o.verdict] + ", reason " +
         (o.reason ? std::to_string(*o.reason) : "none");
}

}  // namespace ebb::test

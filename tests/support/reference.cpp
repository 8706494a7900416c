// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/reference.hpp"

#include <type_traits>

#include "support/reference_parts.hpp"

namespace ebb::test {
namespace {

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

bool accepts(const std::vector<TcpFlags>& list, const Fields& f) {
  return list.empty() || (f.tcp && std::any_of(list.begin(), list.end(), [&](const TcpFlags& flags) {
                            return (f.tcp_flags & flags.mask) == flags.value;
                          }));
}

bool accepts(const std::vector<Owner>& list, const std::string& path) {
  return list.empty() ||
         std::any_of(list.begin(), list.end(), [&](const Owner& owner) { return owns(owner, path); });
}

// Why a packet that a class would treat passes all the same. In the order of the treatments; the last one
// that was tried names the reason.
ebb_reason why_passed(const Parsed& p, const Treatment& treat, bool forwards, bool tried_to_trim,
                      bool untrimmable) {
  if (p.protection) return *p.protection;
  if (tried_to_trim) return untrimmable ? EBB_R_UNTRIMMABLE : EBB_R_NOTHING_TO_DO;
  if (treat.answer) return EBB_R_UNANSWERABLE;
  if (forwards) return EBB_R_FORWARDS;
  return treat.steer ? EBB_R_NOTHING_TO_DO : EBB_R_TREATMENT;
}

}  // namespace

TrafficClass treated(std::string name, std::vector<Rule> match, const Treatment& treatment) {
  TrafficClass out;
  out.name = std::move(name);
  out.match = std::move(match);
  out.treat.fill(treatment);
  return out;
}

bool owns(const Owner& owner, const std::string& path) {
  if (path.empty()) return false;
  if (!owner.cgroup) return path.substr(path.rfind('/') + 1) == owner.name;
  return path == owner.name || path.starts_with(owner.name + "/");
}

bool matches(const Rule& rule, const Fields& f) {
  return accepts(rule.ethertype, true, f.ethertype) && accepts(rule.delivery, true, unsigned(f.delivery)) &&
         accepts(rule.vlan, f.vlan != 0, f.vlan) && accepts(rule.proto, f.ip, f.proto) &&
         accepts(rule.length, f.ip, f.length) && accepts(rule.dscp, f.ip, f.dscp) &&
         accepts(rule.sport, f.ports, f.sport) && accepts(rule.dport, f.ports, f.dport) &&
         accepts(rule.tcp_flags, f) && accepts(rule.src, f, f.src) && accepts(rule.dst, f, f.dst) &&
         accepts(rule.to, f.to.has_value(), unsigned(f.to.value_or(Destination::us))) &&
         (!rule.no_listener || f.listener == false) && accepts(rule.owner, f.owner);
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
  Parsed p = parse(frame, now, config.management_ports);
  if (p.stop) return passed(*p.stop);

  const unsigned index = first_match(config, p.fields);
  out.slot = index < EBB_CLASSES ? slots[index] : index;
  static const Treatment none;
  const Treatment& treat = index < EBB_CLASSES ? config.classes[index].treat[std::size_t(now.state)] : none;
  if (treat.passes())
    return passed(p.protection ? *p.protection : index < EBB_CLASSES ? EBB_R_TREATMENT : EBB_R_UNCLASSIFIED);

  const bool enforce = now.enforcement == Enforcement::enforce;
  const auto discarded = [&](ebb_verdict verdict) {
    out.verdict = verdict;
    if (enforce) out.action = Action::drop, out.frame.clear();
    return out;
  };
  if (p.request && p.fields.listener == false && (treat.drop || treat.limit)) p.protection.reset();
  const bool takes = (treat.limit || treat.drop || treat.trim_padding || treat.trim) && !p.protection;
  const bool forwards = takes && !(now.iface & EBB_IF_TERMINAL);
  const bool terminal = takes && !forwards;
  if (terminal && treat.limit && now.above_rate) return discarded(EBB_LIMIT);
  if (treat.answer)
    if (const auto back = reply(frame, p, now)) {
      out.verdict = EBB_ANSWER;
      if (enforce) out.action = Action::answer, out.frame = *back;
      return out;
    }
  if (terminal && treat.drop) return discarded(EBB_DROP);

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
    return passed(
        why_passed(p, treat, forwards, terminal && (treat.trim || treat.trim_padding), untrimmable));
  if (!enforce) return out;
  out.frame = shorter;
  if (steered && now.xdp && !mask.test(now.cpu)) out.action = Action::redirect;
  return out;
}

std::string describe(const Outcome& o) {
  constexpr const char* actions[] = {"pass", "drop", "redirect", "answer"};
  constexpr const char* verdicts[] = {"PASS", "DROP", "TRIM", "STEER", "TRIM_STEER", "ANSWER", "LIMIT"};
  return std::string(actions[int(o.action)]) + " " + std::to_string(o.frame.size()) + " bytes, slot " +
         (o.slot ? std::to_string(*o.slot) : "none") + ", " + verdicts[o.verdict] + ", reason " +
         (o.reason ? std::to_string(*o.reason) : "none");
}

}  // namespace ebb::test

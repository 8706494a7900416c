// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/native.hpp"

#include <algorithm>
#include <cstring>

#include "support/reference_parts.hpp"
#include "support/testrun.hpp"

namespace ebb::test {
namespace {

constexpr std::uint64_t far_future = std::uint64_t{1} << 62;  // jiffies << 20
// TC pulls that much of a frame (EBB_HEADERS); headers behind it are cut short where the rest is not linear.
constexpr std::size_t pulled = 256;
constexpr std::size_t ethernet = 14, tag_at = 12, tag_size = 4;

Action action_of(Judged::Action action) {
  switch (action) {
    case Judged::Action::drop:
      return Action::drop;
    case Judged::Action::redirect:
      return Action::redirect;
    case Judged::Action::answer:
      return Action::answer;
    default:
      return Action::pass;
  }
}

Bytes without(const Bytes& frame, std::size_t at, std::size_t size) {
  if (frame.size() < at + size) return frame;
  Bytes out = frame;
  const auto begin = out.begin() + static_cast<std::ptrdiff_t>(at);
  out.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
  return out;
}

// An Ethernet header that says of the packet what its own addresses say.
Bytes with_ethernet(const Bytes& packet, const Situation& now) {
  const bool ipv6 = !packet.empty() && packet[0] >> 4 == 6;
  Mac to = now.macs.at(0);
  if (!ipv6 && packet.size() >= 20) {
    if (std::all_of(packet.begin() + 16, packet.begin() + 20, [](std::uint8_t b) { return b == 255; }))
      to = mac_broadcast;
    else if (packet[16] >> 4 == 14)
      to = mac_multicast;
  } else if (ipv6 && packet.size() > 24 && packet[24] == 255) {
    to = mac_multicast;
  }
  Bytes out(ethernet);
  std::copy(to.begin(), to.end(), out.begin());
  std::copy(mac_peer.begin(), mac_peer.end(), out.begin() + 6);
  put16(out, 12, ipv6 ? 0x86dd : 0x0800);
  out.insert(out.end(), packet.begin(), packet.end());
  return out;
}

Situation by_tc(Situation now) {
  now.xdp = false;
  return now;
}

// Without a link address nothing is answered.
Situation by_raw_ip(Situation now) {
  now.iface &= ~std::uint32_t{EBB_IF_ARP | EBB_IF_ND | EBB_IF_ECHO4 | EBB_IF_ECHO6};
  return by_tc(std::move(now));
}

}  // namespace

Native::Native(Config config, std::vector<std::uint8_t> slots, const Situation& now)
    : config_(std::move(config)), slots_(std::move(slots)), bits_(rule_bits(config_)) {
  const auto live = std::make_unique<ebb_live>();
  compile(config_, slots_, now, live->bank[0]);
  judge_ = std::make_unique<Judge>(*live);
  apply(now);
}

void Native::apply(const Situation& now) {
  now_ = now;
  now_.enforcement = Enforcement::enforce;
  write_live(judge_->live(), now_, native_ifindex);
  judge_->live().jiffies = 1;  // at the deadline of an inert machine
}

Judged Native::run(Arrival arrival, const Bytes& frame) {
  auto& bucket = judge_->live().bucket;
  std::fill(std::begin(bucket), std::end(bucket), now_.above_rate ? far_future : 0);
  arrival.frame = frame;
  arrival.state = now_.state;
  arrival.ifindex = native_ifindex;
  arrival.cpu = now_.cpu;
  return judge_->judge(arrival);
}

std::string Native::check(const Bytes& frame, std::size_t linear) {
  Outcome expected;
  expected.frame = frame;
  expected.reason = now_.inert ? EBB_R_INERT : EBB_R_MALFORMED;
  if (frame.size() >= ethernet) expected = ebb::test::judge(config_, slots_, now_, frame);
  const bool deep = frame.size() >= ethernet && parse(frame, now_, {}).l4 + 20 > pulled;
  Arrival arrival{.frame = {}, .tc = !now_.xdp, .linear = deep ? frame.size() : linear};
  const auto fields = frame.size() >= ethernet ? read_fields(frame, now_) : std::nullopt;
  arrival.listener = fields && fields->listener == true;
  return compare(run(arrival, frame), expected, frame);
}

std::string Native::check_tagged(const Bytes& frame, std::uint16_t tci) {
  Bytes whole = frame;
  const Bytes tag = {0x81, 0x00, static_cast<std::uint8_t>(tci >> 8), static_cast<std::uint8_t>(tci)};
  whole.insert(whole.begin() + tag_at, tag.begin(), tag.end());
  Outcome expected = ebb::test::judge(config_, slots_, by_tc(now_), whole);
  expected.frame = without(expected.frame, tag_at, tag_size);
  const auto fields = read_fields(whole, now_);
  Arrival arrival{.frame = {}, .tc = true, .listener = fields && fields->listener == true, .tag = tci};
  return compare(run(arrival, frame), expected, whole);
}

std::string Native::check_raw_ip(const Bytes& packet) {
  const Bytes whole = with_ethernet(packet, now_);
  Outcome expected = ebb::test::judge(config_, slots_, by_raw_ip(now_), whole);
  expected.frame = expected.action == Action::drop ? Bytes{} : without(expected.frame, 0, ethernet);
  const auto fields = read_fields(whole, now_);
  Arrival arrival{.frame = {}, .tc = true, .raw_ip = true, .listener = fields && fields->listener == true};
  return compare(run(arrival, packet), expected, whole);
}

std::string Native::compare(const Judged& judged, Outcome expected, const Bytes& whole) const {
  const Outcome got{.action = action_of(judged.action),
                    .frame = judged.frame,
                    .slot = judged.slot,
                    .verdict = judged.verdict,
                    .reason = judged.reason};
  if (got != expected) return describe(got) + "; expected " + describe(expected);

  // Which rule it was, and the protection, the verdict does not tell.
  if (!judged.slot || *judged.slot == EBB_CLASSES)
    return judged.rule ? "rule " + std::to_string(*judged.rule) + " of no class" : "";
  if (!judged.rule || *judged.rule >= bits_.size()) return "no rule of a class";
  const RuleBitInfo& info = bits_[*judged.rule];
  if (slots_[info.class_index] != *judged.slot) return "a rule of another class";
  const Rule& rule = config_.classes[info.class_index].match[info.rule_index];
  if (const auto fields = read_fields(whole, now_); !fields || !matches(rule, *fields))
    return "rule " + std::to_string(*judged.rule) + " does not match";
  const auto parsed = parse(whole, now_, config_.management_ports);
  const bool kept = judged.verdict == EBB_STEER || judged.verdict == EBB_ANSWER;
  if (kept && judged.protection != parsed.protection)
    return "protected by " + std::to_string(judged.protection.value_or(EBB_R_INERT));
  return {};
}

}  // namespace ebb::test

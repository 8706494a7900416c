// SPDX-License-Identifier: GPL-2.0-or-later
// The packet programs, compiled natively, on any frame: they read no byte beyond it (AddressSanitizer), agree
// with the reference, and never harm what is protected.
//
// Input: a Header, then the frame. Half of the mutations put in a frame that is near one of the policy's
// rules.
#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "fuzz/check.hpp"
#include "support/biased.hpp"
#include "support/native.hpp"

namespace ebb::test {
namespace {

enum Shape : std::uint8_t { plain, tagged, raw_ip, gro, shapes };

struct Header {
  std::uint8_t seed;    // policy and machine
  std::uint8_t shape;   // of the arrival
  std::uint8_t state;   // power state, and bits below
  std::uint8_t linear;  // TC: bytes that are readable at first, of 2
  std::uint16_t iface;  // EBB_IF_*
  std::uint16_t tci;
  std::uint16_t gso_size;
};
constexpr std::uint8_t on_xdp = 0x10, above_rate = 0x20, owners_known = 0x40, inert = 0x80;

struct World {
  Config config;
  std::vector<std::uint8_t> slots;
  Situation now;
};

const World& world(std::uint8_t seed) {
  static std::map<std::uint8_t, World> all;
  auto found = all.find(seed);
  if (found == all.end()) {
    Biased biased(seed);
    World made{{}, {}, biased.situation()};
    made.config = biased.policy();
    made.slots = biased.slots(made.config);
    found = all.emplace(seed, std::move(made)).first;
  }
  return found->second;
}

Native& native_of(std::uint8_t seed) {
  static std::optional<Native> one;
  static int current = -1;
  if (current != seed) {
    one.reset();
    const World& w = world(seed);
    one.emplace(w.config, w.slots, w.now);
    current = seed;
  }
  return *one;
}

Situation situation(const Header& h) {
  Situation now = world(h.seed).now;
  now.state = static_cast<PowerState>(h.state & 3);
  now.xdp = h.state & on_xdp;
  now.above_rate = h.state & above_rate;
  now.owners_known = h.state & owners_known;
  now.inert = (h.state & inert) && h.linear % 16 == 0;        // rarely: it passes everything
  now.iface = h.iface & 0x1ffu & ~std::uint32_t{EBB_IF_RPS};  // which the reference does not know
  now.enforcement = Enforcement::enforce;
  return now;
}

// A GRO packet: the reference knows none, so only what must hold for any.
std::string check_gro(Native& native, const Header& h, const Situation& now, const Bytes& frame) {
  const Judged judged = native.run({.frame = {},
                                    .tc = true,
                                    .gso_size = h.gso_size | 1u,
                                    .gso_segs = h.linear,
                                    .linear = h.linear * std::size_t{2}},
                                   frame);
  const bool lost = judged.verdict == EBB_DROP || judged.verdict == EBB_LIMIT;
  if (lost != (judged.action == Judged::Action::drop)) return "action and verdict differ";
  if ((judged.verdict == EBB_PASS) != judged.reason.has_value()) return "a reason for a pass only";
  if (!lost && judged.frame != frame) return "a GRO packet was changed";
  if (lost && frame.size() >= 14 &&
      judge({}, {}, now, frame).reason.value_or(EBB_R_INERT) >= EBB_R_ETHERTYPE &&
      judge({}, {}, now, frame).reason != EBB_R_TCP_CONTROL)
    return "protected, and yet dropped";
  return {};
}

std::string try_frame(const Header& h, const Bytes& frame) {
  Native& native = native_of(h.seed);
  const Situation now = situation(h);
  const std::uint8_t shape = h.shape % shapes;
  native.apply(now);
  if (shape == raw_ip) return native.check_raw_ip(frame);
  if (shape == tagged && frame.size() >= 14) return native.check_tagged(frame, h.tci);
  if (shape == gro) return check_gro(native, h, now, frame);
  return native.check(frame, h.linear * std::size_t{2});
}

}  // namespace
}  // namespace ebb::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::test::Header header;
  if (size < sizeof header) return -1;
  std::memcpy(&header, data, sizeof header);
  const ebb::test::Bytes frame(data + sizeof header, data + size);
  const std::string wrong = ebb::test::try_frame(header, frame);
  ebb::check(wrong.empty(), wrong);
  return 0;
}

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room,
                                               unsigned seed) {
  using namespace ebb::test;
  if (size < sizeof(Header) || room < sizeof(Header) || seed % 2 == 0)
    return LLVMFuzzerMutate(data, size, room);
  Biased biased(seed);
  Bytes frame = biased.frame(world(data[0]).config);
  if (data[1] % shapes == raw_ip) frame.erase(frame.begin(), frame.begin() + 14);
  const std::size_t kept = std::min(frame.size(), room - sizeof(Header));
  std::copy_n(frame.begin(), kept, data + sizeof(Header));
  return sizeof(Header) + kept;
}

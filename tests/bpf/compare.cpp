// SPDX-License-Identifier: GPL-2.0-or-later
#include "compare.hpp"

#include <utility>

namespace ebb::test {
namespace {

constexpr unsigned loopback = 1;  // the interface of TEST_RUN

}  // namespace

Result<Both> Both::load() {
  Both out;
  for (const bool xdp : {true, false}) {
    auto object = PacketObject::load(xdp ? EBB_XDP_OBJECT : EBB_TC_OBJECT, xdp);
    if (!object) return tl::unexpected(object.error());
    out.objects_.push_back(std::move(*object));
  }
  out.sockets_ = open_sockets(Biased(1).situation().sockets);
  return out;
}

void Both::set(Config config, std::vector<std::uint8_t> slots, Situation now) {
  config_ = std::move(config);
  slots_ = std::move(slots);
  compile(config_, slots_, now, *bank_);
  for (PacketObject& object : objects_) object.install(*bank_);
  set(now);
}

void Both::set(const Situation& now) {
  now_ = now;
  for (PacketObject& object : objects_) object.apply(now_, loopback);
}

void Both::renew(Biased& biased) {
  Config config = biased.policy();
  auto slots = biased.slots(config);
  set(std::move(config), std::move(slots), biased.situation());
}

std::string Both::compare(const Bytes& frame) {
  std::string out;
  for (PacketObject& object : objects_) {
    now_.xdp = object.xdp();
    const Outcome expected = judge(config_, slots_, now_, frame);
    if (object.xdp()) expected_ = expected;
    if (const auto difference = object.check(frame, expected); !difference.empty())
      out += (object.xdp() ? "on XDP: " : " on TC: ") + difference;
  }
  return out;
}

}  // namespace ebb::test

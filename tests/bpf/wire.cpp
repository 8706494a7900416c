// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire.hpp"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace ebb::test {
namespace {

constexpr auto tcx_ingress =
    static_cast<bpf_attach_type>(46);  // BPF_TCX_INGRESS; linux/bpf.h of Debian 12 lacks it

// The softirq runs before send() returns, unless it was handed to ksoftirqd.
template <typename Condition>
bool within_a_second(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}

}  // namespace

void Wire::Unmap::operator()(volatile ebb_capture* c) const {
  munmap(const_cast<ebb_capture*>(c), sizeof *c);
}

Result<Wire> Wire::make(const std::string& tc_object, const std::string& capture_object) {
  auto veth = VethPair::make("ebbtx", "ebbrx");
  if (!veth) return tl::unexpected(veth.error());
  auto tc = PacketObject::load(tc_object, false);
  if (!tc) return tl::unexpected(tc.error());
  Wire out(std::move(*veth), std::move(*tc));
  out.object_.reset(bpf_object__open_file(capture_object.c_str(), nullptr));
  if (!out.object_ || bpf_object__load(out.object_.get()))
    return fail_errno("cannot load " + capture_object, errno);
  const int map = bpf_object__find_map_fd_by_name(out.object_.get(), "captured");
  void* memory = mmap(nullptr, sizeof(ebb_capture), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (memory == MAP_FAILED) return fail_errno("cannot map the capture", errno);
  out.capture_.reset(static_cast<ebb_capture*>(memory));

  const int behind = bpf_program__fd(bpf_object__find_program_by_name(out.object_.get(), "capture"));
  out.tc_link_.reset(bpf_link_create(out.tc_.program(), int(out.ifindex()), tcx_ingress, nullptr));
  out.capture_link_.reset(bpf_link_create(behind, int(out.ifindex()), tcx_ingress, nullptr));
  if (!out.tc_link_ || !out.capture_link_)
    return fail_errno("cannot attach by tcx", errno, "needs Linux 6.6");
  return out;
}

Bytes Wire::last() const {
  const auto* c = const_cast<const ebb_capture*>(capture_.get());
  Bytes frame(c->bytes, c->bytes + c->size);
  if (c->tagged && frame.size() >= 12) {
    const std::uint8_t tag[4] = {std::uint8_t(c->tag_proto), std::uint8_t(c->tag_proto >> 8),
                                 std::uint8_t(c->tag >> 8), std::uint8_t(c->tag)};
    frame.insert(frame.begin() + 12, tag, tag + 4);
  }
  return frame;
}

std::string Wire::check(const Bytes& frame, const Outcome& expected) {
  const ebb_counters before = tc_.counters();
  ebb_counters wanted = before;
  count(wanted, expected, frame);
  const std::uint32_t seen = capture_->seen;
  if (const auto sent = veth_.send(frame); !sent) return sent.error().what;

  // The program may be counting while they are read: two readings alike, and different from before.
  ebb_counters after = before;
  const auto settled = [&] {
    const ebb_counters earlier = std::exchange(after, tc_.counters());
    return std::memcmp(&after, &earlier, sizeof after) == 0 &&
           std::memcmp(&after, &before, sizeof after) != 0;
  };
  if (!within_a_second(settled)) return "nothing was counted, expected " + describe(expected);
  if (std::memcmp(&wanted, &after, sizeof wanted) != 0)
    return "counted " + difference(before, after) + "expected " + difference(before, wanted);
  if (expected.action == Action::drop ||
      expected.action == Action::answer)  // an answer leaves on the other side
    return capture_->seen == seen ? "" : "was let through, expected " + describe(expected);
  if (!within_a_second([&] { return capture_->seen != seen; }))
    return "was dropped, expected " + describe(expected);
  if (last() != expected.frame)
    return "frame of " + std::to_string(last().size()) + " bytes differs, expected " + describe(expected);
  return {};
}

std::string Wire::check_unseen(const Bytes& frame) {
  const ebb_counters before = tc_.counters();
  if (const auto sent = veth_.send(frame); !sent) return sent.error().what;
  const ebb_counters after = tc_.counters();
  return std::memcmp(&before, &after, sizeof after) == 0 ? "" : "counted " + difference(before, after);
}

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// The helpers that the packet programs call, with the kernel's meaning as far as the programs can tell.
#include "dataplane/native/run.hpp"

#include <linux/pkt_cls.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dataplane/native/helpers.h"

extern "C" {
extern struct ebb_live ebb_live;
int ebb_xdp(xdp_md* context);
int ebb_tc_ingress(__sk_buff* context);
int ebb_tc_ingress_ip(__sk_buff* context);
}

namespace ebb::native {
namespace {

constexpr std::size_t smallest_frame = 14;  // bpf_xdp_adjust_tail() and bpf_skb_change_tail() leave that much
constexpr std::size_t largest_frame = 65535;  // of bpf_skb_change_tail()
constexpr std::size_t aligned = 2;            // NET_IP_ALIGN: the IP header behind Ethernet begins at a word

Run* now_running = nullptr;

}  // namespace

struct ebb_live& live() { return ebb_live; }

// Copies, so that a pointer that the program kept over a change is caught by AddressSanitizer, as the
// verifier would.
void Run::expose(std::size_t size) {
  readable_ = size;
  packet_ = std::make_unique<std::uint8_t[]>(aligned + size);
  std::copy_n(frame_.begin(), size, packet_.get() + aligned);
  const auto data = reinterpret_cast<unsigned long>(packet_.get() + aligned);
  if (xdp_) {
    xdp_->data = data;
    xdp_->data_end = data + size;
  } else {
    skb_->data = data;
    skb_->data_end = data + size;
    skb_->len = static_cast<__u32>(frame_.size());
  }
}

void Run::collect() { std::copy_n(packet_.get() + aligned, readable_, frame_.begin()); }

Run::Run(const Arrival& arrival) : arrival_(arrival), frame_(arrival.frame.begin(), arrival.frame.end()) {
  now_running = this;
  ebb_live.counters[0] = {};
  arrival.tc ? run_tc() : run_xdp();
  counters_ = ebb_live.counters[0];
  now_running = nullptr;
  collect();
  if (action_ == Judged::Action::drop) frame_.clear();
}

void Run::run_xdp() {
  xdp_md context{};
  context.ingress_ifindex = arrival_.ifindex;
  xdp_ = &context;
  expose(frame_.size());
  const int result = ebb_xdp(&context);
  action_ = result == XDP_DROP       ? Judged::Action::drop
            : result == XDP_TX       ? Judged::Action::answer
            : result == XDP_REDIRECT ? Judged::Action::redirect
                                     : Judged::Action::pass;
}

void Run::run_tc() {
  __sk_buff context{};
  context.ifindex = arrival_.ifindex;
  context.vlan_present = arrival_.tag.has_value();
  context.vlan_tci = arrival_.tag.value_or(0);
  context.gso_size = arrival_.gso_size;
  context.gso_segs = arrival_.gso_segs;
  skb_ = &context;
  expose(std::min(frame_.size(), arrival_.linear));
  const int result = arrival_.raw_ip ? ebb_tc_ingress_ip(&context) : ebb_tc_ingress(&context);
  action_ = result == TC_ACT_SHOT       ? Judged::Action::drop
            : result == TC_ACT_REDIRECT ? Judged::Action::answer
                                        : Judged::Action::pass;
}

struct Helpers {
  static Run& run() { return *now_running; }
  static ebb_drops* drops() { return &run().drops_; }
  static ebb_socket_set* sockets() { return &run().sockets_; }
  static unsigned cpu() { return run().arrival_.cpu; }
  static bool listener() { return run().arrival_.listener; }

  static long redirect_cpu(unsigned cpu) {
    run().cpu_ = cpu;
    return XDP_REDIRECT;
  }

  static long resize(std::size_t size, std::size_t largest) {
    Run& run = Helpers::run();
    if (size < smallest_frame || size > largest) return -EINVAL;
    run.collect();
    run.frame_.resize(size);
    run.expose(run.xdp_ ? size : std::min(size, run.readable_));
    return 0;
  }

  static long pull(std::size_t size) {
    Run& run = Helpers::run();
    if (size > run.frame_.size()) return -ENOMEM;
    run.collect();
    run.expose(std::max(size, run.readable_));
    return 0;
  }

  static long store(std::size_t offset, const void* from, std::size_t size) {
    Run& run = Helpers::run();
    if (offset + size > run.frame_.size()) return -EFAULT;
    run.collect();
    std::memcpy(run.frame_.data() + offset, from, size);
    run.expose(std::max(run.readable_, offset + size));  // what is written must be linear
    return 0;
  }

  static std::size_t size() { return run().frame_.size(); }
};

}  // namespace ebb::native

extern "C" {

using ebb::native::Helpers;

struct ebb_reply* ebb_native_reply() {
  alignas(8) static std::array<std::uint8_t, 128> reply;
  return reinterpret_cast<struct ebb_reply*>(reply.data());
}

struct ebb_drops* ebb_native_drops() { return Helpers::drops(); }
struct ebb_socket_set* ebb_native_sockets() { return Helpers::sockets(); }

__u64 bpf_jiffies64() { return ebb_live.jiffies; }
__u32 bpf_get_smp_processor_id() { return Helpers::cpu(); }

// Sums 16-bit words as they lie in memory; only what is added is used.
__s64 bpf_csum_diff(const __be32*, __u32, const __be32* to, __u32 to_size, __u32 seed) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(to);
  std::uint64_t sum = seed;
  for (__u32 i = 0; i < to_size; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes + i, sizeof word);
    sum += word;
  }
  while (sum >> 32) sum = (sum & 0xffffffff) + (sum >> 32);
  return static_cast<__s64>(sum);
}

bpf_sock* bpf_skc_lookup_tcp(void*, bpf_sock_tuple*, __u32, __u64, __u64) {
  static bpf_sock sock{};
  return Helpers::listener() ? &sock : nullptr;
}
bpf_sock* bpf_sk_lookup_udp(void*, bpf_sock_tuple*, __u32, __u64, __u64) {
  static bpf_sock sock{};
  return Helpers::listener() ? &sock : nullptr;
}
long bpf_sk_release(void*) { return 0; }

long bpf_ringbuf_output(void*, void*, __u64, __u64) { return 0; }

// A driver leaves some room behind a frame; none is counted on here.
long bpf_xdp_adjust_tail(xdp_md*, int delta) {
  return Helpers::resize(Helpers::size() + static_cast<std::size_t>(delta), Helpers::size());
}
long ebb_native_redirect_cpu(__u32 cpu) { return Helpers::redirect_cpu(cpu); }

long bpf_skb_pull_data(__sk_buff*, __u32 size) { return Helpers::pull(size); }
long bpf_skb_change_tail(__sk_buff*, __u32 size, __u64) {
  return Helpers::resize(size, ebb::native::largest_frame);
}
long bpf_skb_store_bytes(__sk_buff*, __u32 offset, const void* from, __u32 size, __u64) {
  return Helpers::store(offset, from, size);
}
long bpf_redirect(__u32, __u64) { return TC_ACT_REDIRECT; }
}

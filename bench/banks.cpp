// SPDX-License-Identifier: GPL-2.0-or-later
// prove-banks: every packet sees one policy, whole, while policies are published as fast as they can be
// (README.md).
#include <net/if.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/if_link.h>

#include "banks.h"
#include "banks.skel.h"
#include "base/file.hpp"
#include "base/log.hpp"
#include "support.hpp"
#include "support/netns.hpp"

using namespace ebb;
using namespace ebb::bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t enough = 10'000'000;  // packets
constexpr std::uint64_t enough_publications = 500;
constexpr std::uint32_t batch = 256;            // frames in flight: the veth ring holds as many
constexpr std::uint32_t round_size = 1 << 18;   // packets of one BPF_PROG_TEST_RUN
constexpr unsigned keep_a = 100, keep_b = 200;  // bytes of payload that stay

// The rule of the test's packets names every field, so the packet's entry of every table is needed for a
// match.
const std::string probe = fmt::format(
    "{{ ethertype = [\"ipv6\"], proto = [\"udp\"], sport = [{}], dport = [{}], length = [{}], "
    "delivery = [\"unicast\"], src = [\"2001:db8::1/128\"], dst = [\"2001:db8::2/128\"] }}",
    BANKS_SPORT, BANKS_DPORT, 40 + 8 + BANKS_PAYLOAD);

std::string probe_class(unsigned keep) {
  return fmt::format(
      "[[class]]\nname = \"probe-{0}\"\nkind = \"background\"\nprefix_safe = true\n"
      "match = [{1}]\ntreat = {{ power-saver = [\"trim={0}\"] }}\n",
      keep, probe);
}

// 32 rules that agree with the packets in no field at all.
std::string filler_class() {
  std::string rules;
  for (unsigned i = 0; i < 32; ++i)
    rules += fmt::format(
        "  {{ ethertype = [\"ipv4\"], proto = [\"tcp\"], sport = [{0}], dport = [{0}], length = [{0}], "
        "delivery = [\"broadcast\"], src = [\"10.0.0.{1}/32\"], dst = [\"10.0.1.{1}/32\"] }},\n",
        1000 + i, i);
  return "[[class]]\nname = \"filler\"\nkind = \"background\"\nmatch = [\n" + rules +
         "]\ntreat = { power-saver = [\"drop\"] }\n";  // so a mixture of match and treatment is seen too
}

struct Sender {
  std::shared_ptr<banks_bpf> programs;
  std::optional<test::VethPair> veth;

  static Result<Sender> open(int ebb_xdp);
  Status send(std::uint32_t packets);
  Result<std::uint64_t> refused() const;  // frames for which the veth had no room; never seen by Ebb
  std::uint64_t count(unsigned payload) const { return programs->bss->lengths[BANKS_HEADERS + payload]; }
};

Result<Sender> Sender::open(int ebb_xdp) {
  Sender s;
  s.programs.reset(banks_bpf::open_and_load(), banks_bpf::destroy);
  if (!s.programs) return fail_errno("cannot load the sender and the judge", errno);
  auto veth = test::VethPair::make("send", "receive");
  if (!veth) return tl::unexpected(veth.error());
  s.veth.emplace(std::move(*veth));
  for (const char* name : {"send", "receive"})  // native XDP wants frames of one page
    if (auto ok = test::shell(fmt::format("ip link set {} mtu 1500", name)); !ok)
      return tl::unexpected(ok.error());
  const auto receive = static_cast<int>(s.veth->receiver_index());
  s.programs->bss->out_ifindex = if_nametoindex("send");
  if (const int error = bpf_xdp_attach(receive, ebb_xdp, XDP_FLAGS_DRV_MODE, nullptr); error != 0)
    return fail_errno("cannot attach Ebb to the veth", -error);
  LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = receive, .attach_point = BPF_TC_INGRESS);
  LIBBPF_OPTS(bpf_tc_opts, judge, .prog_fd = bpf_program__fd(s.programs->progs.banks_count));
  if (const int error = bpf_tc_hook_create(&hook); error != 0)
    return fail_errno("cannot create the clsact qdisc", -error);
  if (const int error = bpf_tc_attach(&hook, &judge); error != 0)
    return fail_errno("cannot attach the judge", -error);
  return s;
}

Status Sender::send(std::uint32_t packets) {
  std::array<std::uint8_t, BANKS_FRAME> frame{};
  xdp_md context{};
  context.data_end = BANKS_FRAME;
  LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame.data(), .data_size_in = BANKS_FRAME,
              .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = static_cast<int>(packets),
              .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = batch);
  if (bpf_prog_test_run_opts(bpf_program__fd(programs->progs.banks_send), &run) != 0)
    return fail_errno("BPF_PROG_TEST_RUN with live frames", errno, "it needs Linux 5.18 or later");
  return {};
}

Result<std::uint64_t> Sender::refused() const {
  auto text = read_file("/sys/class/net/send/statistics/tx_dropped");
  if (!text) return tl::unexpected(text.error());
  return parse_number(*text);
}

struct Published {
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> times = 0;
  Status status;  // read after the join
};

void publish_in_turns(Maps& maps, const ebb_bank& a, const ebb_bank& b, Published& published) {
  pin_to_cpu(0);
  while (!published.stop && published.status) {
    // A, A, B, B: each policy twice, since the banks take turns too, and a bank must change what it holds.
    published.status = maps.publish(published.times % 4 < 2 ? a : b);
    ++published.times;
  }
}

Result<int> prove() {
  if (auto ok = test::enter_private_namespaces(); !ok) return tl::unexpected(ok.error());
  libbpf_set_print(nullptr);
  const std::string policy_a = probe_class(keep_a) + filler_class();  // matches by bit 0
  const std::string policy_b = filler_class() + probe_class(keep_b);  // matches by bit 32
  auto ebb = Product::load("banks", policy_a, Enforcement::enforce);
  if (!ebb) return tl::unexpected(ebb.error());
  auto a = compile("policy A", policy_a, ebb->maps().bank());
  if (!a) return tl::unexpected(a.error());
  auto b = compile("policy B", policy_b, **a);
  if (!b) return tl::unexpected(b.error());
  auto sender = Sender::open(ebb->xdp());
  if (!sender) return tl::unexpected(sender.error());
  if (pin_to_cpu(1) != 1) return fail("one CPU cannot publish and receive at once", "run it with two");

  Published published;
  const auto start = Clock::now();
  std::thread publisher(publish_in_turns, std::ref(ebb->maps()), std::cref(**a), std::cref(**b),
                        std::ref(published));
  Status sent;
  while (sent && (sender->programs->bss->sent < enough || published.times < enough_publications))
    sent = sender->send(round_size);
  published.stop = true;
  publisher.join();
  if (!sent) return tl::unexpected(sent.error());
  if (!published.status) return tl::unexpected(published.status.error());
  const std::chrono::duration<double> took = Clock::now() - start;

  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the last frames, if ksoftirqd has them
  auto refused = sender->refused();
  if (!refused) return tl::unexpected(refused.error());

  const auto& lengths = sender->programs->bss->lengths;
  const std::uint64_t seen = std::accumulate(std::begin(lengths), std::end(lengths), std::uint64_t{0});
  const std::uint64_t by_a = sender->count(keep_a), by_b = sender->count(keep_b);
  std::uint64_t mixed = seen - by_a - by_b;
  const std::uint64_t total = sender->programs->bss->sent - *refused;
  fmt::print("{}: {:.1f} s, publisher on CPU 0, packets on CPU 1\n", machine(), took.count());
  fmt::print("  {:>12}  frames reached Ebb ({} more found no room in the veth)\n", total, *refused);
  fmt::print("  {:>12}  left by policy A ({} bytes of payload)\n", by_a, keep_a);
  fmt::print("  {:>12}  left by policy B ({} bytes of payload)\n", by_b, keep_b);
  fmt::print("  {:>12}  left by neither", mixed);
  for (unsigned length = 0; length < BANKS_LENGTHS; ++length)
    if (lengths[length] != 0 && length != BANKS_HEADERS + keep_a && length != BANKS_HEADERS + keep_b)
      fmt::print(", {} with {}", lengths[length], static_cast<int>(length) - BANKS_HEADERS);
  fmt::print("\n  {:>12}  dropped\n", total - seen);
  mixed += total - seen;  // no policy drops what the test sends
  const bool holds = mixed == 0 && by_a > 0 && by_b > 0;
  fmt::print("banks: {} packets during {} publications, {} saw a mixture: {}\n", total,
             published.times.load(), mixed, holds ? "holds" : "does not hold");
  return holds ? 0 : 1;
}

}  // namespace

int main() {
  log_to_stderr("prove-banks");
  const auto outcome = prove();
  if (outcome) return *outcome;
  log_error(outcome.error());
  return 2;  // could not be measured
}

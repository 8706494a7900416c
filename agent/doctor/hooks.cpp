// SPDX-License-Identifier: GPL-2.0-or-later
// The hooks, each proved by frames that reach Ebb's program there, and what hangs on them.
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dataplane/clsact.hpp"
#include "dataplane/programs.hpp"
#include "dataplane/tcx.hpp"
#include "dataplane/xdp.hpp"
#include "doctor/bench.hpp"
#include "doctor/probes.hpp"
#include "doctor/request.hpp"
#include "doctor/trial.hpp"

namespace ebb::doctor {

using namespace std::chrono_literals;

namespace {

constexpr auto delay = 50ms;

// A program at the egress side of clsact, where the agent has none; gone with this object.
class Egress {
 public:
  static Result<Egress> attach(int ifindex, int program) {
    Egress made(ifindex);
    bpf_tc_hook hook = made.hook_;
    hook.attach_point = BPF_TC_EGRESS;
    if (const int error = bpf_tc_hook_create(&hook)) return fail_errno("no clsact", -error);
    made.there_ = true;
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.prog_fd = program;
    if (const int error = bpf_tc_attach(&hook, &options))
      return fail_errno("clsact takes no program", -error);
    return made;
  }
  Egress(Egress&& other) noexcept : hook_(other.hook_), there_(std::exchange(other.there_, false)) {}
  Egress& operator=(Egress&&) = delete;
  ~Egress() {
    if (there_) bpf_tc_hook_destroy(&hook_);
  }

 private:
  explicit Egress(int ifindex) {
    hook_.sz = sizeof hook_;
    hook_.ifindex = ifindex;
    hook_.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
  }
  bpf_tc_hook hook_{};
  bool there_ = false;
};

Status set_root_fq(int ifindex) {
  tcmsg header{};
  header.tcm_ifindex = ifindex;
  header.tcm_parent = TC_H_ROOT;
  return Request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, header).put(TCA_KIND, "fq").send(NETLINK_ROUTE);
}

}  // namespace

Finding try_xdp_native(Bench& bench) {
  constexpr const char* remedy = "none needed where tcx or clsact is ok: Ebb takes the next rung";
  // libxdp does not say which of the two was refused
  if (const auto& program = bench.xdp_program(); !program) return off(program.error(), remedy);
  if (auto id = attach_xdp(*bench.maps(), bench.near()); !id) return off(id.error(), remedy);
  if (auto counts = bench.counts_frames(); !counts) return off(counts.error(), remedy);
  return ok("frames reach it on a veth; a card needs a driver that has it");
}

Finding try_xdp_dispatcher(Bench& bench) {
  constexpr const char* remedy =
      "a kernel that allows freplace programs (CONFIG_DEBUG_INFO_BTF, BPF trampolines)";
  const auto attached = query_xdp(bench.near());
  if (!attached) return off(attached.error(), remedy);
  if (attached->programs.empty()) return off("no native XDP program to ask about", "see packets.xdp-native");
  if (attached->dispatcher) return ok("several XDP programs can share an interface");
  return off(
      "libxdp attaches without it: one XDP program per interface, beside a foreign one Ebb takes tcx or "
      "clsact",
      remedy);
}

// From here on at the far end: what the native program counts at the near one proves nothing of another hook.
Finding try_tcx(Bench& bench) {
  constexpr const char* remedy = "Linux 6.6 or newer; else Ebb takes clsact";
  const auto& program = bench.tc_program();
  if (!program) return off(program.error(), remedy);
  constexpr const char* pin = "/sys/fs/bpf/doctor";  // on the bench's own file system
  if (auto id = attach_tcx(program->get(), bench.far(), pin); !id) return off(id.error(), remedy);
  const auto counts = bench.counts_frames(Bench::To::far);
  unlink(pin);
  return counts ? ok("frames reach it") : off(counts.error(), remedy);
}

Finding try_clsact(Bench& bench) {
  constexpr const char* remedy =
      "a kernel with CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF; needless where tcx is ok";
  const auto& program = bench.tc_program();
  if (!program) return off(program.error(), remedy);
  if (auto id = attach_clsact(program->get(), bench.far()); !id) return off(id.error(), remedy);
  const auto counts = bench.counts_frames(Bench::To::far);
  (void)detach_clsact(bench.far());
  return counts ? ok("frames reach it") : off(counts.error(), remedy);
}

Finding try_xdp_generic(Bench& bench) {
  constexpr const char* remedy = "none needed: Ebb takes it on request only";
  const auto& program = bench.xdp_program();
  if (!program) return off(program.error(), remedy);
  if (const int error = bpf_xdp_attach(bench.far(), program->get(), XDP_FLAGS_SKB_MODE, nullptr))
    return off(fail_errno("no generic XDP", -error).value(), remedy);
  const auto counts = bench.counts_frames(Bench::To::far);
  bpf_xdp_detach(bench.far(), XDP_FLAGS_SKB_MODE, nullptr);
  return counts ? ok("frames reach it; only on request, as the skb is built before it")
                : off(counts.error(), remedy);
}

Finding try_steer(Bench& bench) {
  constexpr const char* remedy =
      "a kernel with CONFIG_XDP_SOCKETS or CONFIG_BPF_SYSCALL; else Ebb steers by RPS";
  if (!bench.maps()) return off(bench.maps().error(), remedy);
  CpuMask here;
  here.set(static_cast<unsigned>(sched_getcpu()));
  if (auto set = bench.maps()->set_steering_cpus(here); !set) return off(set.error(), remedy);
  return ok("a CPU takes a queue that native XDP can redirect to");
}

// Only the clock tells: the kernel takes a departure time everywhere, and heeds it under fq alone.
Finding try_defer(Bench& bench) {
  constexpr const char* remedy =
      "a kernel with CONFIG_NET_SCH_FQ: modprobe sch_fq, or another kernel package";
  if (auto set = set_root_fq(bench.near()); !set) return off("no qdisc fq: " + set.error().what, remedy);
  const auto trial = Trial::load("doctor_defer");
  if (!trial) return off(trial.error(), remedy);
  trial->set_delay(delay);
  const auto hook = Egress::attach(bench.near(), trial->program());
  if (!hook)
    return unknown("nothing to set a departure time with: " + hook.error().what, "see packets.clsact");
  const auto took = bench.travel();
  if (!took) return off("fq lets the packet go nowhere", remedy);
  const auto words = "a packet due in " + std::to_string(delay.count()) + " ms left after " +
                     std::to_string(took->count() / 1000) + " ms";
  return *took >= delay ? ok("fq heeds departure times: " + words) : off(words, remedy);
}

}  // namespace ebb::doctor

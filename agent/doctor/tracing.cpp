// SPDX-License-Identifier: GPL-2.0-or-later
// What tells which packet woke a CPU.
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "dataplane/frequencies.hpp"
#include "doctor/bench.hpp"
#include "doctor/probes.hpp"
#include "doctor/trial.hpp"

namespace ebb::doctor {

using namespace std::chrono_literals;

namespace {

constexpr auto idle_patience = 500ms;  // CPUs that never rest have no idle events

using Link = std::unique_ptr<bpf_link, decltype(&bpf_link__destroy)>;

Finding watch_idle(const char* program, const char* remedy) {
  const auto trial = Trial::load(program);
  if (!trial) return off(trial.error(), remedy);
  const Link link(bpf_program__attach(trial->handle()), &bpf_link__destroy);
  if (!link) return off(fail_errno("cannot attach to cpu_idle", errno).value(), remedy);
  const auto end = std::chrono::steady_clock::now() + idle_patience;
  while (trial->seen() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  if (trial->seen() == 0)
    return degraded("attached, but no CPU became idle meanwhile", "ask again on a quieter machine");
  return ok("idle events of CPUs were seen");
}

}  // namespace

Finding try_kernel_btf(Bench&) {
  constexpr const char* remedy = "a kernel with CONFIG_DEBUG_INFO_BTF; packet programs do without";
  const std::unique_ptr<btf, decltype(&btf__free)> types(btf__load_vmlinux_btf(), &btf__free);
  if (!types) return off("no /sys/kernel/btf/vmlinux, or none that can be read", remedy);
  return ok(std::to_string(btf__type_cnt(types.get())) + " types");
}

Finding try_tp_btf(Bench&) {
  return watch_idle("doctor_idle_btf",
                    "a kernel with BTF and BPF trampolines; classic tracepoints otherwise");
}

Finding try_raw_tracepoint(Bench&) {
  return watch_idle("doctor_idle_raw", "a kernel with CONFIG_BPF_EVENTS and tracepoints");
}

// Whether the driver tells its changes shows only where some are made: status has cpufreq.POLICY.mean then.
Finding try_frequencies(Bench&) {
  const auto opened = Frequencies::open();
  if (!opened)
    return off(opened.error(),
               "a kernel with CONFIG_BPF_EVENTS; otherwise the frequency of the moment counts");
  return ok("changes of the frequency are followed");
}

}  // namespace ebb::doctor

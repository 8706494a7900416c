// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/frequencies.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <chrono>

#include <bpf/bpf.h>

#include "dataplane/programs.hpp"
#include "trace.h"
#include "trace.skel.h"

namespace ebb {
namespace {

constexpr std::size_t size = sizeof(ebb_frequency) * EBB_TRACED_CPUS;
constexpr int tries = 8;  // a change takes some nanoseconds, and there are at most some thousand in a second

std::uint64_t load(const std::uint64_t& value) { return __atomic_load_n(&value, __ATOMIC_RELAXED); }

// A whole entry; nothing: a writer was always in between.
std::optional<ebb_frequency> copy(const ebb_frequency& from) {
  for (int i = 0; i < tries; ++i) {
    const ebb_frequency out{load(from.kilohertz), load(from.since), load(from.area), load(from.changes),
                            load(from.check)};
    if ((out.kilohertz ^ out.since ^ out.area ^ out.changes) == out.check) return out;
  }
  return std::nullopt;
}

}  // namespace

void Frequencies::Unmap::operator()(const ebb_frequency* entries) const {
  munmap(const_cast<ebb_frequency*>(entries), size);
}

Result<Frequencies> Frequencies::open() {
  const std::unique_ptr<trace_bpf, decltype(&trace_bpf::destroy)> skeleton(trace_bpf::open(),
                                                                           &trace_bpf::destroy);
  if (!skeleton) return fail_errno("cannot open the BPF object trace", errno);
  if (const int error = trace_bpf::load(skeleton.get())) return refused_program("trace", -error);

  Frequencies out;
  out.program_.reset(dup(bpf_program__fd(skeleton->progs.ebb_frequency_changes)));
  out.link_.reset(bpf_raw_tracepoint_open("cpu_frequency", out.program_.get()));
  if (!out.link_) return fail_errno("cannot attach to power:cpu_frequency", errno);
  void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, bpf_map__fd(skeleton->maps.bss), 0);
  if (memory == MAP_FAILED) return fail_errno("cannot map the frequencies", errno);
  out.entries_.reset(static_cast<const ebb_frequency*>(memory));
  return out;
}

std::optional<TracedFrequency> Frequencies::read(unsigned cpu, std::uint64_t now) const {
  if (cpu >= EBB_TRACED_CPUS) return std::nullopt;
  const auto entry = copy(entries_.get()[cpu]);
  if (!entry || entry->kilohertz == 0) return std::nullopt;
  const std::uint64_t later = now > entry->since ? now - entry->since : 0;
  return TracedFrequency{entry->since + later, entry->area + entry->kilohertz * later, entry->changes};
}

std::optional<TracedFrequency> Frequencies::read(unsigned cpu) const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return read(cpu,
              static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

}  // namespace ebb

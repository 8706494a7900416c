// SPDX-License-Identifier: GPL-2.0-or-later
// The program that hears of every change of a CPU's frequency (bpf/trace.bpf.c). Not pinned: it ends with the
// agent.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sense/traced.hpp"

struct ebb_frequency;

namespace ebb {

class Frequencies {
 public:
  // Loads and attaches it. Refused by kernels without power:cpu_frequency or BPF tracing, and without
  // CAP_PERFMON.
  static Result<Frequencies> open();

  // No system call. `now` in us of CLOCK_MONOTONIC.
  std::optional<TracedFrequency> read(unsigned cpu, std::uint64_t now) const;
  std::optional<TracedFrequency> read(unsigned cpu) const;

  int program() const { return program_.get(); }

 private:
  struct Unmap {
    void operator()(const ebb_frequency* entries) const;
  };
  Frequencies() = default;

  Fd program_, link_;
  std::unique_ptr<const ebb_frequency, Unmap> entries_;
};

}  // namespace ebb

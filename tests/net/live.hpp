// SPDX-License-Identifier: GPL-2.0-or-later
// The live word of the running agent, as the packet programs read it.
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include <bpf/bpf.h>

#include "abi.h"
#include "base/words.hpp"
#include "lab.hpp"

namespace ebb::test {

class Live {
 public:
  Live() {
    const std::string pin = "/sys/fs/bpf/ebb/v" + std::to_string(EBB_ABI) + "/ebb_live";
    const Fd map(bpf_obj_get(pin.c_str()));
    memory_ = mmap(nullptr, size, PROT_READ, MAP_SHARED, map.get(), 0);
    if (!map || memory_ == MAP_FAILED) die("cannot map " + pin);
  }
  ~Live() { munmap(memory_, size); }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  TrafficMode mode() const { return static_cast<TrafficMode>(EBB_WORD_MODE(load(&live()->word))); }
  bool armed() const { return load(&live()->armed) != 0; }

 private:
  static constexpr std::size_t size = offsetof(ebb_live, counters);
  void* memory_ = nullptr;
  const ebb_live* live() const { return static_cast<const ebb_live*>(memory_); }
  static __u32 load(const __u32* at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
};

}  // namespace ebb::test

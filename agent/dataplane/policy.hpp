// SPDX-License-Identifier: GPL-2.0-or-later
// Compiles the configuration's classes into one flat bank (bpf/abi.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "abi.h"
#include "base/cpumask.hpp"
#include "config/config.hpp"

namespace ebb {

// Counter slot of each class, by its index in Config::classes (at most 64). A class keeps the slot that its
// name has in `live`, so its counters go on across a reload or a restart; the others get slots without a
// name, and only then those of classes that are no more, which the caller clears.
std::vector<std::uint8_t> assign_slots(const Config& config, const ebb_bank& live);

// Fills `bank` whole. `masks`: the CPUs that each power state steers to, empty for none.
// Errors (exit code 2): more than 64 rule bits, more than 64 classes, too many distinct port or length sets.
Status compile_policy(const Config& config, const std::vector<std::uint8_t>& slots,
                      const std::array<CpuMask, 4>& masks, ebb_bank& bank);

}  // namespace ebb

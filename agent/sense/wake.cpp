// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/wake.hpp"

#include <sched.h>

#include "base/cpumask.hpp"

namespace ebb {

bool wakes_package(Tree& tree, unsigned package) {
  if (!tree.live()) return false;
  const std::string folder = "/sys/devices/system/cpu/";
  const auto online = CpuMask::from_list(tree.fixed(folder + "online").value_or(""));
  const auto here = sched_getcpu();
  if (!online || here < 0) return true;
  for (const unsigned cpu : online->cpus()) {
    const auto id = tree.fixed(folder + "cpu" + std::to_string(cpu) + "/topology/physical_package_id");
    if (id && *id == std::to_string(package)) return cpu != static_cast<unsigned>(here);
  }
  return true;
}

}  // namespace ebb

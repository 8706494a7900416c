// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/plan.hpp"

#include <filesystem>

namespace ebb {

std::map<std::string, std::string> plan_knobs(const std::vector<Interface>& interfaces, const CpuMask& mask) {
  std::map<std::string, std::string> plan;
  if (mask.empty()) return plan;
  for (const auto& one : interfaces) {
    if (one.attachment.hook == Hook::none || !one.rps) continue;  // the cpumap moves packets; never both
    std::error_code error;
    for (const auto& queue :
         std::filesystem::directory_iterator("/sys/class/net/" + one.name + "/queues", error))
      if (queue.path().filename().string().starts_with("rx-"))
        plan["file:" + queue.path().string() + "/rps_cpus"] = mask.hex();
  }
  return plan;
}

}  // namespace ebb

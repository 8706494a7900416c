// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/plan.hpp"

#include <filesystem>

#include "base/file.hpp"

namespace ebb {
namespace {

constexpr std::string_view cpufreq = "file:/sys/devices/system/cpu/cpufreq/";
constexpr std::string_view max_file = "/scaling_max_freq", min_file = "/scaling_min_freq";

// Empty polls in a row before the interrupt is switched on again. With batches of 200 us and of 2 ms, 100 is
// what EVIDENCE measured.
constexpr const char* deferred_polls = "100";

std::string nanoseconds(std::chrono::microseconds time) {
  return std::to_string(std::chrono::nanoseconds(time).count());
}

}  // namespace

Settings steering_knobs(const std::vector<Interface>& interfaces, const CpuMask& mask) {
  Settings settings;
  if (mask.empty()) return settings;
  for (const auto& one : interfaces) {
    if (one.attachment.hook == Hook::none || !one.rps) continue;  // the cpumap moves packets; never both
    std::error_code error;
    for (const auto& queue :
         std::filesystem::directory_iterator("/sys/class/net/" + one.name + "/queues", error))
      if (queue.path().filename().string().starts_with("rx-"))
        settings["file:" + queue.path().string() + "/rps_cpus"] = mask.hex();
  }
  return settings;
}

Settings plan_knobs(const Plan& plan, const std::vector<Interface>& interfaces) {
  Settings settings;
  for (const auto& policy : plan.policies) {
    const std::string folder = std::string(cpufreq) + policy.name;
    if (policy.min) settings[folder + std::string(min_file)] = std::to_string(*policy.min);
    if (policy.max) settings[folder + std::string(max_file)] = std::to_string(*policy.max);
    if (!plan.governor.empty()) settings[folder + "/scaling_governor"] = plan.governor;
    if (!plan.preference.empty()) settings[folder + "/energy_performance_preference"] = plan.preference;
  }
  if (!plan.moderation) return settings;
  for (const auto& one : interfaces) {
    if (one.attachment.hook == Hook::none) continue;
    const std::string folder = "file:/sys/class/net/" + one.name;
    settings[folder + "/gro_flush_timeout"] = nanoseconds(*plan.moderation);
    settings[folder + "/napi_defer_hard_irqs"] = deferred_polls;
  }
  return settings;
}

OwnLimits limits_in_force(const std::vector<KnobReport>& knobs) {
  OwnLimits limits;
  for (const auto& knob : knobs) {
    if (knob.status != "applied" || !knob.id.starts_with(cpufreq)) continue;
    const auto value = parse_number(knob.wanted);
    const auto slash = knob.id.rfind('/');
    const auto policy = knob.id.substr(cpufreq.size(), slash - cpufreq.size());
    const auto file = std::string_view(knob.id).substr(slash);
    if (value && file == max_file) limits.max[policy] = *value;
    if (value && file == min_file) limits.min[policy] = *value;
  }
  return limits;
}

nlohmann::json preview(const Settings& settings, const KnobMaker& maker) {
  auto list = nlohmann::json::array();
  for (const auto& [id, wanted] : settings) {
    const auto knob = maker(id);
    const auto current = knob ? (*knob)->read() : tl::unexpected(knob.error());
    list.push_back({{"id", id},
                    {"current", current ? nlohmann::json(*current) : nlohmann::json(nullptr)},
                    {"reason", current ? "" : current.error().what},
                    {"wanted", wanted}});
  }
  return list;
}

}  // namespace ebb

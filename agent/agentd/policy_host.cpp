// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/policy_host.hpp"

#include <algorithm>
#include <cstring>

#include "base/log.hpp"
#include "dataplane/policy.hpp"

namespace ebb {

Status PolicyHost::publish(Maps& maps, const Config& config, const std::string& root) {
  std::array<MaskChoice, 4> masks;
  std::array<CpuMask, 4> cpus;
  std::array<bool, 4> steers{};
  CpuMask queues;
  for (std::size_t state = 0; state < masks.size(); ++state) {
    masks[state] = choose_cpus(config.states[state].cpus, root, config.interfaces);
    cpus[state] = masks[state].mask;
    steers[state] = std::any_of(config.classes.begin(), config.classes.end(),
                                [state](const TrafficClass& one) { return one.treat[state].steer; });
    if (steers[state])
      for (const unsigned cpu : cpus[state].cpus()) queues.set(cpu);
  }
  auto slots = assign_slots(config, maps.bank());
  if (auto compiled = compile_policy(config, slots, cpus, *bank_); !compiled) return compiled;

  auto queued = maps.set_steering_cpus(queues);
  if (!queued) log_warning(queued.error());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const char* owner = maps.bank().class_name[slots[i]];
    if (owner[0] && config.classes[i].name != owner)
      if (auto cleared = maps.clear_class(slots[i]); !cleared) return cleared;
  }
  if (auto published = maps.publish(*bank_); !published) return published;
  masks_ = std::move(masks);
  steers_ = steers;
  slots_ = std::move(slots);
  can_steer_ = queued.has_value() && !queues.empty();
  return {};
}

}  // namespace ebb

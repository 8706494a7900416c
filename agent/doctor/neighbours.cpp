// SPDX-License-Identifier: GPL-2.0-or-later
// Daemons that write what Ebb could write. Running is no fault: Ebb leaves their settings to them.
#include <unistd.h>

#include <optional>

#include "base/file.hpp"
#include "doctor/probes.hpp"
#include "sense/processes.hpp"

namespace ebb::doctor {
namespace {

// Where systemd keeps a unit's cgroup: v2, hybrid, v1. It goes when the unit stops.
constexpr const char* slices[] = {"/sys/fs/cgroup/system.slice/", "/sys/fs/cgroup/unified/system.slice/",
                                  "/sys/fs/cgroup/systemd/system.slice/"};

std::optional<std::string> process_named(const std::string& root, const std::string& name) {
  const std::string comm = name.substr(0, 15);  // TASK_COMM_LEN
  std::optional<std::string> pid;
  each_process(
      [&](const std::string& folder) {
        if (pid) return;
        if (const auto text = read_file(folder + "/comm"); text && *text == comm)
          pid = folder.substr(folder.rfind('/') + 1);
      },
      root);
  return pid;
}

Finding look_for(const std::string& root, const std::string& name, const std::string& unit,
                 const std::string& writes, const std::string& remedy) {
  if (const auto pid = process_named(root, name))
    return degraded("runs (pid " + *pid + "); it writes " + writes, remedy);
  for (const char* slice : slices)
    if (access((root + slice + unit).c_str(), F_OK) == 0)
      return degraded("the unit " + unit + " runs; it writes " + writes, remedy);
  return ok("does not run");
}

constexpr const char* frequencies_left = "none needed: Ebb reads CPU frequencies and leaves them to it";

}  // namespace

Finding look_irqbalance(const std::string& root) {
  return look_for(root, "irqbalance", "irqbalance.service", "the CPUs of interrupts",
                  "none needed: Ebb leaves interrupts to it");
}

Finding look_tuned(const std::string& root) {
  return look_for(root, "tuned", "tuned.service", "governors, frequency limits and network settings",
                  "if it writes rps_cpus, leave that out of its profile; frequencies stay its own");
}

// TLP is no process: it acts on events, and keeps its state here.
Finding look_tlp(const std::string& root) {
  if (access((root + "/run/tlp").c_str(), F_OK) != 0) return ok("does not run");
  return degraded("runs (/run/tlp); it writes governors, frequency limits, Wi-Fi and device power saving",
                  frequencies_left);
}

Finding look_power_profiles(const std::string& root) {
  return look_for(root, "power-profiles-daemon", "power-profiles-daemon.service",
                  "energy preferences and the platform profile", frequencies_left);
}

Finding look_thermald(const std::string& root) {
  return look_for(root, "thermald", "thermald.service", "power and frequency limits in heat",
                  frequencies_left);
}

Finding look_intel_lpmd(const std::string& root) {
  return look_for(root, "intel_lpmd", "intel_lpmd.service", "which CPUs may work",
                  "name CPUs in `cpus` that it does not take out of work");
}

}  // namespace ebb::doctor

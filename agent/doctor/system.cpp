// SPDX-License-Identifier: GPL-2.0-or-later
// What the distribution and the sandbox give.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/file.hpp"
#include "dataplane/pins.hpp"
#include "doctor/bench.hpp"
#include "doctor/probes.hpp"

namespace ebb::doctor {

Finding look_capabilities(const std::string& root) {
  const auto text = read_file(root + "/proc/self/status");
  const auto line = text ? text->find("CapEff:") : std::string::npos;
  if (line == std::string::npos) return unknown("/proc/self/status does not say", "mount /proc");
  const std::uint64_t effective = std::strtoull(text->c_str() + line + 7, nullptr, 16);
  constexpr std::pair<unsigned, const char*> wanted[] = {{CAP_BPF, "CAP_BPF"},
                                                         {CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                                                         {CAP_PERFMON, "CAP_PERFMON"},
                                                         {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
                                                         {CAP_CHOWN, "CAP_CHOWN"}};
  std::string missing;
  for (const auto& [bit, name] : wanted)
    if (!(effective >> bit & 1)) missing += (missing.empty() ? "" : ", ") + std::string(name);
  if (missing.empty()) return ok("all that the agent uses");
  return off("missing: " + missing,
             "run doctor as root with all capabilities: what it cannot try is not known");
}

Finding look_sysfs(const std::string& root) {
  struct statvfs info{};
  if (statvfs((root + "/sys/class/net").c_str(), &info) != 0)
    return off(fail_errno("no /sys/class/net", errno).value(), "mount -t sysfs sysfs /sys");
  if (info.f_flag & ST_RDONLY)
    return off("/sys is mounted read-only: packets are judged, but no setting can be changed",
               "run outside of the sandbox, or without ProtectKernelTunables=");
  return ok("not mounted read-only; real writes: cpus.rps and those behind it");
}

Finding look_manager(const std::string& root) {
  if (access((root + "/run/systemd/system").c_str(), F_OK) != 0)
    return off("no systemd: no readiness and watchdog messages, no ExecStopPost=",
               "none needed: the guardian restores without it");
  return ok("systemd: readiness, watchdog, restore after a crash of both agent and guardian");
}

Finding try_bpffs(Bench& bench) {
  if (!bench.pins()) return off(bench.pins().error(), "mount -t bpf bpf /sys/fs/bpf");
  return ok("programs outlive a killed agent");
}

Finding try_lockdown(Bench&) {
  const auto files = private_mount("securityfs");
  if (!files) {
    if (files.error().number == ENODEV) return ok("the kernel has no lockdown");
    return unknown(files.error().what, "run doctor with CAP_SYS_ADMIN");
  }
  const Fd file(openat(files->get(), "lockdown", O_RDONLY | O_CLOEXEC));
  if (!file) return ok("the kernel has no lockdown");
  std::array<char, 128> bytes{};
  const std::string text(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(
                                           0, read(file.get(), bytes.data(), bytes.size()))));
  if (text.find("[none]") != std::string::npos) return ok("not locked down");
  if (text.find("[integrity]") != std::string::npos)
    return ok("integrity: Ebb changes nothing of the kernel itself");
  return degraded("confidentiality: no program may copy kernel memory; tracing.* says what is traced without",
                  "boot without lockdown=confidentiality");
}

}  // namespace ebb::doctor

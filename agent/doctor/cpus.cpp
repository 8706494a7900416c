// SPDX-License-Identifier: GPL-2.0-or-later
// What decides which CPU works, how often it is woken and how fast it runs. Settings of interfaces are proved
// by a write and a read on the bench's own.
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>

#include "base/cpumask.hpp"
#include "base/file.hpp"
#include "doctor/bench.hpp"
#include "doctor/probes.hpp"
#include "doctor/request.hpp"
#include "sense/cpufreq.hpp"
#include "sense/netlink.hpp"

namespace ebb::doctor {
namespace {

namespace fs = std::filesystem;

constexpr const char* no_napi = "a veth has no NAPI instance without native XDP";
constexpr const char* napi_remedy = "see packets.xdp-native";

// linux/netdev.h of Linux 6.13; Debian 12 has that of 6.1. Can go with Debian 12.
constexpr std::uint8_t napi_get = 11, napi_set = 14;                                       // NETDEV_CMD_*
constexpr std::uint16_t napi_ifindex = 1, napi_id = 2, defer_irqs = 5, flush_timeout = 6;  // NETDEV_A_NAPI_*

bool read_only(const char* path) {
  struct statvfs info{};
  return statvfs(path, &info) == 0 && info.f_flag & ST_RDONLY;
}

// Writes `value` and reads it back, as `canonical` makes it comparable.
template <typename Canonical>
Status prove(const std::string& path, const std::string& value, Canonical canonical) {
  if (auto written = write_file(path, value); !written) return written;
  const auto back = read_file(path);
  if (!back) return tl::unexpected(back.error());
  if (canonical(*back) != canonical(value)) return fail("wrote " + value + ", and it reads " + *back);
  return {};
}

std::string as_it_is(const std::string& text) { return text; }
std::string as_mask(const std::string& text) {
  const auto mask = CpuMask::from_hex(text);
  return mask ? mask->list() : "not a mask: " + text;
}

// The path of the bench's sysfs says nothing to the reader: the errno does.
Finding proved(const Status& done, const std::string& works, const std::string& setting,
               const std::string& remedy) {
  if (!done) {
    const auto& error = done.error();
    return off(setting + ": " + (error.number ? std::strerror(error.number) : error.what), remedy);
  }
  if (read_only("/sys"))
    return off("the kernel has it, but /sys is mounted read-only here", "run outside of the sandbox");
  return ok(works);
}

std::string queue(const char* name) {
  return std::string("class/net/") + Bench::near_name + "/queues/" + name;
}
std::string device(const char* name) { return std::string("class/net/") + Bench::near_name + "/" + name; }

Result<std::uint16_t> netdev_family() {
  constexpr std::uint16_t command = GENL_ID_CTRL;
  const genlmsghdr request{CTRL_CMD_GETFAMILY, 1, 0};
  const auto families = netlink_dump(NETLINK_GENERIC, command, &request, sizeof request);
  if (!families) return tl::unexpected(families.error());
  for (const auto& one : *families) {
    const Attributes attributes(one.attributes<genlmsghdr>());
    const auto id = attributes[CTRL_ATTR_FAMILY_ID];
    std::uint16_t number = 0;
    if (attributes.text(CTRL_ATTR_FAMILY_NAME) != "netdev" || !id || id->size() < sizeof number) continue;
    std::memcpy(&number, id->data(), sizeof number);
    return number;
  }
  return fail("the kernel has no netdev netlink");
}

// The attributes of the bench's first NAPI instance.
Result<std::string> first_napi(std::uint16_t family, int ifindex) {
  const genlmsghdr request{napi_get, 1, 0};
  const auto instances = netlink_dump(NETLINK_GENERIC, family, &request, sizeof request);
  if (!instances) return fail_errno("it does not list NAPI instances", instances.error().number);
  for (const auto& one : *instances)
    if (Attributes(one.attributes<genlmsghdr>()).number(napi_ifindex) == static_cast<std::uint32_t>(ifindex))
      return std::string(one.attributes<genlmsghdr>());
  return fail("the interface shows no NAPI instance");
}

}  // namespace

Finding look_topology(const std::string& root) {
  const auto online = read_file(root + "/sys/devices/system/cpu/online");
  const auto mask = CpuMask::from_list(online ? *online : "");
  if (!online || !mask || mask->empty())
    return unknown("/sys/devices/system/cpu/online does not say", "mount /sys");
  const std::string cpus = std::to_string(mask->count()) + (mask->count() == 1 ? " CPU" : " CPUs");
  if (mask->count() == 1) return off(cpus + ": nothing to steer to", "");
  std::set<std::string> capacities;
  for (const unsigned cpu : mask->cpus())
    if (const auto one =
            read_file(root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpu_capacity"))
      capacities.insert(*one);
  if (capacities.size() > 1) return ok(cpus + " of " + std::to_string(capacities.size()) + " capacities");
  return ok(cpus + ", all alike: the efficient one is that which takes the interrupts");
}

Finding look_frequency_limits(const std::string& root) {
  constexpr const char* remedy = "a kernel with the board's cpufreq driver; a virtual machine has none";
  const std::string folder = root + "/sys/devices/system/cpu/cpufreq/";
  Sample sample;
  sense_cpufreq(root, sample);
  if (sample.policies.empty()) return off("no cpufreq policy", remedy);
  const std::string& first = sample.policies.front().name;
  const auto text = [&](const char* file) {
    const auto value = read_file(folder + first + "/" + file);
    return value && !value->empty() ? *value : std::string("?");
  };
  const std::string what =
      first + ": " + text("scaling_driver") + ", governors " + text("scaling_available_governors");
  for (const char* file : {"scaling_min_freq", "scaling_max_freq", "scaling_governor"})
    if (access((folder + first + "/" + file).c_str(), W_OK) != 0)
      return degraded(what + "; " + file + " cannot be written: " + std::strerror(errno),
                      "run outside of the sandbox; Ebb reads frequencies all the same");
  return ok(what);
}

// An interrupt's own value written back would already tell the kernel that somebody placed it.
Finding look_interrupts(const std::string& root) {
  constexpr const char* remedy = "none needed: interrupts stay where they are";
  std::error_code error;
  unsigned all = 0, writable = 0;
  for (fs::directory_iterator it(root + "/proc/irq", error), end; !error && it != end; it.increment(error)) {
    const std::string path = it->path().string() + "/smp_affinity";
    if (access(path.c_str(), F_OK) != 0) continue;
    ++all;
    writable += access(path.c_str(), W_OK) == 0 ? 1 : 0;
  }
  if (all == 0) return off("/proc/irq shows none", remedy);
  const std::string words = std::to_string(writable) + " of " + std::to_string(all) + " may be placed";
  if (writable == 0) return off(words + ": /proc/irq is read-only here", "run outside of the sandbox");
  return ok(words + " (by permission; not tried)");
}

Finding try_rps(Bench& bench) {
  return proved(prove(bench.sysfs(queue("rx-0/rps_cpus")), "1", as_mask), "a mask was written and read back",
                "rps_cpus", "a kernel with CONFIG_RPS; else only native XDP steers");
}

Finding try_xps(Bench& bench) {
  return proved(prove(bench.sysfs(queue("tx-0/xps_cpus")), "1", as_mask), "a mask was written and read back",
                "xps_cpus", "a kernel with CONFIG_XPS; an interface with one send queue has none");
}

Finding try_threaded(Bench& bench) {
  if (!bench.has_napi()) return unknown(no_napi, napi_remedy);
  return proved(prove(bench.sysfs(device("threaded")), "1", as_it_is), "polling moved to threads", "threaded",
                "Linux 5.12 or newer");
}

// Both or none: a timeout alone changes nothing (200 us: 9931 polls/s instead of 9966).
Finding try_moderation(Bench& bench) {
  auto done = prove(bench.sysfs(device("napi_defer_hard_irqs")), "100", as_it_is);
  if (done) done = prove(bench.sysfs(device("gro_flush_timeout")), "200000", as_it_is);
  return proved(done, "napi_defer_hard_irqs and gro_flush_timeout were written and read back",
                "napi_defer_hard_irqs, gro_flush_timeout", "Linux 5.8 or newer");
}

Finding try_napi_settings(Bench& bench) {
  constexpr const char* remedy = "Linux 6.13 or newer; until then the settings hold for a whole interface";
  constexpr std::uint32_t polls = 50;
  constexpr std::uint32_t nanoseconds = 100000;
  const auto family = netdev_family();
  if (!family) return off(family.error(), remedy);
  if (!bench.has_napi()) return unknown(no_napi, napi_remedy);
  const auto before = first_napi(*family, bench.near());
  if (!before) return off(before.error(), remedy);
  const auto id = Attributes(*before).number(napi_id);
  if (!id) return off("the interface's NAPI has no id", remedy);
  const auto set = Request(*family, 0, genlmsghdr{napi_set, 1, 0})
                       .put_number(napi_id, *id)
                       .put_number(defer_irqs, polls)
                       .put_number(flush_timeout, nanoseconds)
                       .send(NETLINK_GENERIC);
  if (!set) return off("netdev netlink cannot set them: " + set.error().what, remedy);
  const auto after = first_napi(*family, bench.near());
  if (!after || Attributes(*after).number(defer_irqs) != polls)
    return off("what was set does not read back", remedy);
  return ok("one queue was set apart from its interface, and read back");
}

}  // namespace ebb::doctor

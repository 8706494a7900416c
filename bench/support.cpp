// SPDX-License-Identifier: GPL-2.0-or-later
#include "support.hpp"

#include <sched.h>
#include <sys/utsname.h>

#include <cerrno>
#include <fstream>
#include <limits>

#include "dataplane/policy.hpp"
#include "dataplane/programs.hpp"

namespace ebb::bench {

unsigned pin_to_cpu(unsigned cpu) {
  cpu_set_t set;
  for (;; --cpu) {
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (::sched_setaffinity(0, sizeof(set), &set) == 0 || cpu == 0) return cpu;
  }
}

std::string machine() {
  std::string model = "unknown CPU";
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.rfind("model name", 0) == 0) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  utsname name{};
  ::uname(&name);
  return model + ", Linux " + name.release;
}

namespace {

constexpr std::uint64_t generated_mac = 2;  // 02:00:00:00:00:00, as ebb_mac() reads it

}  // namespace

Result<std::unique_ptr<ebb_bank>> compile(const std::string& name, const std::string& classes,
                                          const ebb_bank& live) {
  auto config = parse_config("[agent]\ninterfaces = [\"lo\"]\n" + classes, name);
  if (!config) return tl::unexpected(config.error());
  std::array<CpuMask, 4> masks;
  masks[static_cast<std::size_t>(PowerState::power_saver)].set(0);
  auto bank = std::make_unique<ebb_bank>();
  if (auto ok = compile_policy(*config, assign_slots(*config, live), masks, {}, *bank); !ok)
    return tl::unexpected(ok.error());
  return bank;
}

Result<Product> Product::load(const std::string& name, const std::string& classes, Enforcement enforcement) {
  auto maps = Maps::open("/sys/fs/bpf/" + name);
  if (!maps) return tl::unexpected(maps.error());
  Product p(std::move(*maps));
  auto bank = compile(name, classes, p.maps_.bank());
  if (!bank) return tl::unexpected(bank.error());
  if (auto ok = p.maps_.publish(**bank); !ok) return tl::unexpected(ok.error());
  p.maps_.set_state(PowerState::power_saver, TrafficMode::quiet);
  p.maps_.set_enforcement(enforcement);
  p.maps_.live().deadline = std::numeric_limits<std::uint64_t>::max();
  auto& live = p.maps_.live();
  for (auto& iface : live.iface) iface.flags = EBB_IF_TERMINAL | EBB_IF_STEER | EBB_IF_SOCKETS;
  live.hz = 1000;
  // Among millions of packets per second the flows that a second ends are few; between two runs of a row all
  // would end.
  live.cache_shift = 63;
  live.epoch = 1;  // the age of an empty place is another one
  live.first_mac = live.us_mac[0][0] = generated_mac;
  CpuMask steered;
  steered.set(0);
  if (auto ok = p.maps_.set_steering_cpus(steered); !ok) return tl::unexpected(ok.error());

  auto xdp = load_xdp(p.maps_);
  if (!xdp) return tl::unexpected(xdp.error());
  auto tc = load_tc(p.maps_, false);
  if (!tc) return tl::unexpected(tc.error());
  p.xdp_ = std::move(*xdp);
  p.tc_ = std::move(*tc);
  return p;
}

}  // namespace ebb::bench

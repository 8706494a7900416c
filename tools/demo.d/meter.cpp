// SPDX-License-Identifier: GPL-2.0-or-later
#include "meter.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace ebb::traffic {
namespace {

// CPU time of the process whose folder in /proc this is, if its name is one that `wanted` accepts.
template <typename Wanted>
std::uint64_t cpu_ms(const std::filesystem::path& folder, Wanted wanted) {
  static const auto ms_per_tick = static_cast<std::uint64_t>(1000 / sysconf(_SC_CLK_TCK));
  std::ifstream in(folder / "stat");
  std::string line;
  std::getline(in, line);
  const auto open = line.find('('), close = line.rfind(')');  // the name may hold anything
  if (open == std::string::npos || close == std::string::npos) return 0;
  if (!wanted(std::string_view(line).substr(open + 1, close - open - 1))) return 0;
  std::istringstream words(line.substr(close + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) words >> skipped;  // state to cmajflt
  std::uint64_t user = 0, system = 0;
  words >> user >> system;
  return (user + system) * ms_per_tick;
}

template <typename Wanted>
std::uint64_t cpu_ms_of_all(const std::string& proc, Wanted wanted) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(proc, error)) {
    const std::string name = entry.path().filename().string();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
      sum += cpu_ms(entry.path(), wanted);
  }
  return sum;
}

std::uint64_t ip_packets() {
  std::ifstream snmp("/proc/thread-self/net/snmp");
  for (std::string line; std::getline(snmp, line);) {
    // "Ip: Forwarding DefaultTTL InReceives ...", then the same with numbers
    std::istringstream words(line);
    std::string group, forwarding, ttl;
    std::uint64_t received = 0;
    if (words >> group >> forwarding >> ttl >> received && group == "Ip:") return received;
  }
  return 0;
}

}  // namespace

Counted count_kernel(const std::string& host_proc) {
  const auto ours = [](std::string_view name) { return name == "ebb_traffic"; };
  const auto of_packets = [](std::string_view name) {
    return name.starts_with("cpumap/") || name.starts_with("ksoftirqd/");
  };
  Counted counted;
  counted.ip_packets = ip_packets();
  counted.program_ms = cpu_ms("/proc/self", ours);
  counted.traffic_ms = cpu_ms_of_all("/proc", ours) + cpu_ms_of_all(host_proc, of_packets);
  return counted;
}

}  // namespace ebb::traffic

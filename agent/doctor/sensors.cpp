// SPDX-License-Identifier: GPL-2.0-or-later
// What the power state is decided by, and what a look at it costs.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include "base/cpumask.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "doctor/probes.hpp"
#include "sense/cpufreq.hpp"

namespace ebb::doctor {

using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

// Median of five looks.
template <typename Look>
std::string price(Look look) {
  using Clock = std::chrono::steady_clock;
  std::array<Clock::duration, 5> times{};
  for (auto& time : times) {
    const auto begin = Clock::now();
    look();
    time = Clock::now() - begin;
  }
  std::sort(times.begin(), times.end());
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(times[times.size() / 2]).count();
  return "; a look costs " + (us ? std::to_string(us) : "less than 1") + " us";
}

std::string price_of(const std::vector<std::string>& files) {
  return price([&] {
    for (const auto& file : files) (void)read_file(file);
  });
}

// The entries of a folder whose names begin with `prefix`, sorted.
std::vector<std::string> entries(const std::string& folder, const std::string& prefix = "") {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().starts_with(prefix)) found.push_back(it->path());
  std::sort(found.begin(), found.end());
  return found;
}

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string joined(const std::vector<std::string>& words) {
  return words.empty() ? ""
                       : std::accumulate(std::next(words.begin()), words.end(), words.front(),
                                         [](const auto& a, const auto& b) { return a + ", " + b; });
}

// Of `files`, those that answer with something.
std::vector<std::string> readable(const std::vector<std::string>& files) {
  std::vector<std::string> found;
  std::copy_if(files.begin(), files.end(), std::back_inserter(found), [](const std::string& file) {
    const auto text = read_file(file);
    return text && !text->empty();
  });
  return found;
}

// How often other CPUs made these call a function: interrupts between CPUs. The columns are the CPUs that are
// online, in order.
std::optional<std::uint64_t> calls_to(const std::string& root, const CpuMask& cpus) {
  const auto online = CpuMask::from_list(read_file(root + "/sys/devices/system/cpu/online").value_or(""));
  const auto text = read_file(root + "/proc/interrupts", std::size_t{1} << 20);
  std::istringstream lines(text ? *text : "");
  for (std::string line; online && std::getline(lines, line);) {
    if (line.find("Function call interrupts") == std::string::npos) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    std::uint64_t sum = 0, count = 0;
    for (const unsigned cpu : online->cpus())
      if (words >> count) sum += cpus.test(cpu) ? count : 0;
    return sum;
  }
  return std::nullopt;
}

}  // namespace

Finding look_frequency(const std::string& root) {
  Sample sample;
  sense_cpufreq(root, sample);
  if (!sample.frequency)
    return off(sample.readings["frequency"].reason,
               "rules by frequency never fire; use other sensors or a hold");
  return ok(
      counted(sample.policies.size(), "policy", "policies") + ", " +
      sample.readings["cpufreq." + sample.policies.front().name + ".driver"].text.value_or("unknown driver") +
      price([&] { sense_cpufreq(root, sample); }));
}

// A read that makes another CPU answer wakes it: x86 before 5.18, or a driver that asks the hardware. Read
// from a CPU outside of the policy, farther apart than the 10 ms for which old kernels remember their answer.
Finding look_frequency_price(const std::string& root) {
  constexpr std::uint64_t reads = 5;
  constexpr const char* remedy = "a longer interval, or Linux 5.18 or newer on x86";
  Sample sample;
  sense_cpufreq(root, sample);
  const auto policy = std::find_if(sample.policies.begin(), sample.policies.end(),
                                   [](const CpufreqPolicy& one) { return one.current.has_value(); });
  if (policy == sample.policies.end()) return off("no frequency to read", "none needed");
  const auto theirs = CpuMask::from_list(policy->cpus);
  if (!theirs || theirs->empty() || !calls_to(root, *theirs))
    return unknown("/proc/interrupts does not count the calls between CPUs", remedy);
  cpu_set_t all, others;
  CPU_ZERO(&others);
  if (sched_getaffinity(0, sizeof all, &all) != 0)
    return unknown("the CPUs of this process are not known", remedy);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &all) && !theirs->test(cpu)) CPU_SET(cpu, &others);
  if (CPU_COUNT(&others) == 0)
    return ok("one policy has every CPU: whoever reads is one of them, and wakes nobody");

  sched_setaffinity(0, sizeof others, &others);
  const std::string file = root + "/sys/devices/system/cpu/cpufreq/" + policy->name + "/scaling_cur_freq";
  const auto calls_during = [&](bool reading) {
    const auto before = calls_to(root, *theirs).value_or(0);
    for (std::uint64_t i = 0; i < reads; ++i) {
      if (reading) (void)read_file(file);
      std::this_thread::sleep_for(12ms);
    }
    return calls_to(root, *theirs).value_or(before) - before;
  };
  const auto idle = calls_during(false), calls = calls_during(true);
  sched_setaffinity(0, sizeof all, &all);
  const auto words = std::to_string(reads) + " reads made " + std::to_string(calls) +
                     " calls of other CPUs, none " + std::to_string(idle);
  if (calls <= idle) return ok("wakes nobody: " + words);
  if (calls >= idle + reads) return degraded("each read interrupts another CPU: " + words, remedy);
  return unknown(words, remedy);
}

Finding look_idle(const std::string& root) {
  const std::string folder = root + "/sys/devices/system/cpu/";
  const auto driver = read_file(folder + "cpuidle/current_driver");
  std::vector<std::string> names, files;
  for (const auto& state : entries(folder + "cpu0/cpuidle", "state")) {
    if (const auto name = read_file(state + "/name")) names.push_back(*name);
    files.push_back(state + "/usage");
    files.push_back(state + "/time");
  }
  if (names.empty())
    return off("no cpuidle states", "none needed: wakeups are then counted by tracing alone, unverified");
  return ok((driver ? *driver : "unknown driver") + ": " + joined(names) + price_of(readable(files)));
}

Finding look_pressure(const std::string& root) {
  constexpr const char* remedy = "a kernel with CONFIG_PSI, booted with psi=1";
  const std::string file = root + "/proc/pressure/cpu";
  const auto text = read_file(file);
  if (!text) return off(text.error(), remedy);
  const std::string costs = price_of({file, root + "/proc/pressure/memory"});
  if (!root.empty()) return ok("read" + costs);  // a recorded tree has no triggers
  const Fd trigger(open(file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  constexpr char threshold[] = "some 150000 2000000";  // 150 ms of stall within 2 s; gone with the Fd
  if (!trigger || write(trigger.get(), threshold, sizeof threshold) < 0)
    return degraded(std::string("read, but it takes no trigger: ") + std::strerror(errno) + costs,
                    "run outside of the sandbox; until then it is asked at every interval");
  return ok("read, and it takes a trigger" + costs);
}

Finding look_run_queue(const std::string& root) {
  const std::string file = root + "/proc/loadavg";
  const auto text = read_file(file);
  if (!text || text->find('/') == std::string::npos) return off("no /proc/loadavg", "mount /proc");
  return ok("/proc/loadavg" + price_of({file}));
}

Finding look_temperature(const std::string& root) {
  std::vector<std::string> types, temperatures, silent;
  std::size_t trips = 0;
  for (const auto& zone : entries(root + "/sys/class/thermal", "thermal_zone")) {
    const auto type = read_file(zone + "/type").value_or("unnamed");
    types.push_back(type);
    if (readable({zone + "/temp"}).empty())
      silent.push_back(type);
    else
      temperatures.push_back(zone + "/temp");
    for (const auto& file : entries(zone, "trip_point_")) trips += file.ends_with("_temp") ? 1 : 0;
  }
  if (types.empty()) return off("no thermal zone", "none needed; rules by temperature never fire");
  const std::string words =
      joined(types) + "; " + counted(trips, "trip point", "trip points") + price_of(temperatures);
  if (temperatures.empty()) return off("no zone can be read: " + words, "the board's thermal driver");
  if (!silent.empty()) return degraded("cannot be read: " + joined(silent) + "; of " + words, "none needed");
  return ok(words);
}

Finding look_power_supply(const std::string& root) {
  std::map<std::string, std::vector<std::string>> by_type;
  std::vector<std::string> files;
  for (const auto& supply : entries(root + "/sys/class/power_supply")) {
    const auto type = read_file(supply + "/type").value_or("unknown");
    by_type[type].push_back(fs::path(supply).filename());
    files.push_back(supply + (type == "Battery" ? "/capacity" : "/online"));
  }
  if (by_type.empty())
    return off("no power supply shown", "none needed on mains; rules by battery never fire");
  std::string words;
  for (const auto& [type, names] : by_type) words += (words.empty() ? "" : "; ") + type + " " + joined(names);
  const auto answers = readable(files);
  words += price_of(answers);
  if (answers.size() < files.size())
    return degraded(std::to_string(files.size() - answers.size()) + " of them say nothing: " + words,
                    "none needed");
  return ok(words);
}

Finding look_hwmon(const std::string& root) {
  std::vector<std::string> chips, alarms, powers;
  for (const auto& chip : entries(root + "/sys/class/hwmon", "hwmon")) {
    // Old drivers have theirs in the device's own folder.
    const std::string folder = access((chip + "/name").c_str(), F_OK) == 0 ? chip : chip + "/device";
    chips.push_back(read_file(folder + "/name").value_or("unnamed"));
    for (const auto& file : entries(folder)) {
      if (file.ends_with("_alarm")) alarms.push_back(file);
      if (fs::path(file).filename().string().starts_with("power") &&
          (file.ends_with("_input") || file.ends_with("_average")))
        powers.push_back(file);
    }
  }
  constexpr const char* remedy = "none needed; under-voltage and watts are unknown";
  if (chips.empty()) return off("no hwmon chip", remedy);
  const auto answers = readable(powers);
  const std::string words = joined(chips) + ": " + counted(alarms.size(), "alarm", "alarms") + ", " +
                            counted(answers.size(), "power meter", "power meters");
  if (alarms.empty() && answers.empty()) return degraded(words, remedy);
  return ok(words + price_of(answers.empty() ? alarms : answers));
}

Finding look_powercap(const std::string& root) {
  std::vector<std::string> names, files;
  for (const auto& zone : entries(root + "/sys/class/powercap"))
    if (access((zone + "/energy_uj").c_str(), F_OK) == 0) {
      names.push_back(read_file(zone + "/name").value_or("unnamed"));
      files.push_back(zone + "/energy_uj");
    }
  if (files.empty()) return off("no energy counter", "none needed: energy is modelled, not measured");
  const auto answers = readable(files);
  if (answers.empty()) return off("no energy counter can be read: " + joined(names), "run doctor as root");
  return ok(joined(names) + price_of(answers));
}

}  // namespace ebb::doctor

// SPDX-License-Identifier: GPL-2.0-or-later
// Utilisation and run queue: /proc/stat (proc_stat(5)), one read for both.
#include <algorithm>
#include <array>
#include <charconv>

#include "sense/sources.hpp"

namespace ebb {
namespace {

constexpr std::uint64_t most_tasks = 4'194'304;  // PID_MAX_LIMIT
constexpr std::size_t fields = 10;  // user nice system idle iowait irq softirq steal guest guest_nice
constexpr std::size_t counted = 8;  // what guests use is in user and nice already
constexpr std::size_t idle_field = 3, iowait_field = 4;
constexpr double ticks_per_second = 100;  // USER_HZ of every architecture
constexpr double shortest = 0.5;          // seconds over which a share is told

constexpr std::size_t most_single = 64;  // CPUs that are looked at one by one, for the busiest

using Times = std::optional<std::array<std::uint64_t, fields>>;  // in ticks

struct Stat {
  Times times;                                      // of all CPUs
  std::vector<std::pair<std::string, Times>> each;  // "cpu3"; at most most_single
  std::size_t cpus = 0;                             // that are online
  std::optional<std::uint64_t> running;             // tasks that run or could
};

template <std::size_t N>
std::optional<std::array<std::uint64_t, N>> numbers(std::string_view text) {
  std::array<std::uint64_t, N> out{};
  for (auto& value : out) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = end == text.data() + text.size() || *end == ' ';
    if (error != std::errc{} || !whole) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return out;
}

Stat parse(std::string_view text) {
  Stat out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("cpu "))
      out.times = numbers<fields>(line.substr(4));
    else if (line.starts_with("cpu")) {
      const auto blank = std::min(line.find(' '), line.size());
      if (++out.cpus <= most_single)
        out.each.emplace_back(line.substr(0, blank), numbers<fields>(line.substr(blank)));
    } else if (constexpr std::string_view name = "procs_running "; line.starts_with(name) && !text.empty())
      if (const auto count = numbers<1>(line.substr(name.size()))) out.running = count->front();
  }
  return out;
}

// "cpu.busy" and "cpu.idle" in ticks. Time that a hypervisor took is demand that was not met: busy.
Reading share(const Probe& probe, const std::string& name, const Times& times, std::size_t cpus,
              const std::string& where) {
  if (!times)
    return unknown("percent", where + ": no line of ten times for " + (name == "cpu" ? "all CPUs" : name));
  std::uint64_t busy = 0, idle = 0;
  for (std::size_t i = 0; i < counted; ++i)
    (i == idle_field || i == iowait_field ? idle : busy) += (*times)[i];
  const bool first = !probe.before.counters.contains(name + ".busy");
  const auto worked = probe.growth(name + ".busy", busy), rested = probe.growth(name + ".idle", idle);
  const double most = 2 * ticks_per_second * (probe.seconds() + 1) * static_cast<double>(cpus);
  if (worked && rested && *worked + *rested > most)
    return unknown("percent", where + ": more time than has passed");
  if (worked && rested && *worked + *rested > 0)
    return number("percent", 100 * *worked / (*worked + *rested));
  Reading out = unknown("percent", first              ? "one sample is not enough"
                                   : worked && rested ? where + ": no time has passed"
                                                      : where + ": the times went back");
  out.silent = true;
  return out;
}

// One busy CPU of many is what a governor follows, and what the mean does not show.
Reading busiest(const Probe& probe, const Stat& stat, const std::string& where) {
  Reading most = unknown("percent", where + ": no CPU");
  if (stat.cpus > most_single) most.reason = where + ": more CPUs than are looked at one by one";
  if (stat.cpus > most_single) return most;
  for (const auto& [name, times] : stat.each) {
    Reading one = share(probe, name, times, 1, where);
    if (!most.number || (one.number && *one.number > *most.number)) most = std::move(one);
  }
  return most;
}

std::uint64_t sum(const Times& times) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; times && i < counted; ++i) out += (*times)[i];
  return out;
}

// An event may bring a sample right behind another: a share of so few ticks would be all or nothing. Then
// what was known stays, and goes on being counted from where it was.
bool too_soon(const Probe& probe, const Stat& stat) {
  const auto& before = probe.before.counters;
  const auto busy = before.find("cpu.busy"), idle = before.find("cpu.idle");
  const auto known = probe.before.readings.find("utilisation");
  if (busy == before.end() || idle == before.end() || known == probe.before.readings.end()) return false;
  const std::uint64_t then = busy->second + idle->second, now = sum(stat.times);
  return known->second.known() && now >= then &&
         static_cast<double>(now - then) < shortest * ticks_per_second * static_cast<double>(stat.cpus);
}

void keep(Probe& probe) {
  for (const char* name : {"utilisation", "utilisation.busiest"})
    if (const auto known = probe.before.readings.find(name); known != probe.before.readings.end())
      probe[name] = known->second;
  for (const auto& [name, value] : probe.before.counters)
    if (name.ends_with(".busy") || name.ends_with(".idle")) probe.now.counters[name] = value;
}

// The reader itself runs.
Reading run_queue(const Stat& stat, const std::string& where) {
  constexpr const char* unit = "tasks_per_cpu";
  if (!stat.running) return unknown(unit, where + ": no procs_running");
  if (*stat.running == 0) return unknown(unit, where + ": nothing runs, not even who reads it");
  if (*stat.running > most_tasks) return unknown(unit, where + ": more tasks run than there can be");
  if (stat.cpus == 0) return unknown(unit, where + ": no CPU");
  return number(unit, static_cast<double>(*stat.running - 1) / static_cast<double>(stat.cpus));
}

}  // namespace

void sense_load(Probe& probe) {
  const std::string path = "/proc/stat", where = probe.tree.where(path);
  const auto text = probe.tree.read(path);
  if (!text) {
    probe["utilisation"] = unknown("percent", text.error().what);
    probe["utilisation.busiest"] = unknown("percent", text.error().what);
    probe["run_queue"] = unknown("tasks_per_cpu", text.error().what);
    probe["cpu.online"] = unknown("cpus", text.error().what);
    return;
  }
  const Stat stat = parse(*text);
  if (too_soon(probe, stat)) {
    keep(probe);
  } else {
    probe["utilisation"] = share(probe, "cpu", stat.times, stat.cpus, where);
    probe["utilisation.busiest"] = busiest(probe, stat, where);
  }
  probe["run_queue"] = run_queue(stat, where);
  probe["cpu.online"] =
      stat.cpus ? number("cpus", static_cast<double>(stat.cpus)) : unknown("cpus", where + ": no CPU");
}

}  // namespace ebb

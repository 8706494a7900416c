// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/status.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

#include "base/file.hpp"

namespace ebb {
namespace {

using nlohmann::json;

json interface_json(const Interface& one) {
  const bool all = one.forwards.empty();
  return {{"name", one.name},
          {"ifindex", one.ifindex ? json(one.ifindex) : json(nullptr)},
          {"hook", word(one.attachment.hook)},
          {"hook_reason", one.ifindex ? one.attachment.reason : "the interface does not exist"},
          {"program_id", one.attachment.program_id ? json(one.attachment.program_id) : json(nullptr)},
          {"link_type", one.ifindex ? word(one.link_type) : "unknown"},
          {"pattern", one.pattern},
          {"steering", one.attachment.hook == Hook::none ? "none"
                       : one.rps                         ? "rps"
                                                         : "cpumap"},
          {"treatment", all ? "all" : "pass-only"},
          {"treatment_reason", one.forwards},
          {"sockets_reason", one.sockets_off},
          {"answers_reason", one.answers_off}};
}

json class_json(const std::string& name, const json& kind, const Counters::Row& row) {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  for (const auto& count : row.verdict) {
    packets += count.packets;
    bytes += count.bytes;
  }
  const auto of = [&row](ebb_verdict verdict) { return row.verdict[verdict].packets; };
  return {{"name", name},
          {"kind", kind},
          {"packets", packets},
          {"bytes", bytes},
          {"dropped", of(EBB_DROP)},
          {"trimmed", of(EBB_TRIM) + of(EBB_TRIM_STEER)},
          {"steered", of(EBB_STEER) + of(EBB_TRIM_STEER)},
          {"answered", of(EBB_ANSWER)},
          {"limited", of(EBB_LIMIT)},
          {"deferred", 0}};
}

json passed_json(const Counters& counters) {
  json passed = json::object();
  for (unsigned reason = 0; reason < EBB_REASONS; ++reason)
    if (const char* name = reason_word(reason)) passed[name] = counters.passed[reason];
  return passed;
}

json self_json(std::uint64_t wakeups) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  json rss = nullptr;
  if (const auto statm = read_file("/proc/self/statm")) {
    const auto begin = statm->find(' ') + 1;  // size resident ...
    if (const auto pages = parse_number(statm->substr(begin, statm->find(' ', begin) - begin)))
      rss = *pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }
  return {{"rss_bytes", rss},
          {"cpu_seconds", seconds(used.ru_utime) + seconds(used.ru_stime)},
          {"wakeups", wakeups}};
}

}  // namespace

std::string rfc3339(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

json sensors_json(const Sample& sample, const OwnLimits& limits) {
  json sensors = json::object();
  for (const auto& [name, reading] : sample.readings) {
    json value = nullptr;
    if (reading.number) value = *reading.number;
    if (reading.text) value = *reading.text;
    sensors[name] = {{"value", value},
                     {"unit", reading.unit},
                     {"status", reading.known() ? "ok" : "unknown"},
                     {"reason", reading.reason}};
  }
  if (!sample.frequency) return sensors;
  const auto cap = self_cap(sample, limits), own = cap ? cap : self_floor(sample, limits);
  if (own) {
    sensors["frequency"]["status"] = cap ? "self-capped" : "self-raised";
    sensors["frequency"]["reason"] = reason(*own);
  }
  return sensors;
}

json knobs_json(const std::vector<KnobReport>& knobs) {
  json out = json::array();
  for (const auto& knob : knobs)
    out.push_back({{"id", knob.id},
                   {"original", knob.original},
                   {"wanted", knob.wanted},
                   {"current", knob.current},
                   {"status", knob.status},
                   {"reason", knob.reason}});
  return out;
}

json status_json(const StatusInput& in) {
  json interfaces = json::array();
  for (const auto& one : in.interfaces) interfaces.push_back(interface_json(one));
  json classes = json::array();
  for (std::size_t i = 0; i < in.slots.size(); ++i)
    classes.push_back(class_json(in.config.classes[i].name, word(in.config.classes[i].kind),
                                 in.counters.classes[in.slots[i]]));
  classes.push_back(class_json("unclassified", nullptr, in.counters.classes[EBB_CLASSES]));
  return {
      {"version", EBB_VERSION},
      {"enforcement", word(in.enforcement)},
      {"state", word(in.memory.state)},
      {"since", rfc3339(in.since)},
      {"reason", {{"rule", in.memory.rule}, {"tier", word(in.memory.tier)}, {"values", in.memory.values}}},
      {"flaps", in.memory.flaps},
      {"mode", word(in.mode)},
      {"configuration", in.configuration},
      {"interfaces", interfaces},
      {"concurrency", {{"workers", in.concurrency.workers}, {"why", in.concurrency.why}}},
      {"cpus", {{"mask", in.cpus.mask.list()}, {"why", in.cpus.why}}},
      {"sensors", sensors_json(in.sample, in.limits)},
      {"classes", classes},
      {"services", in.services},
      {"passed", passed_json(in.counters)},
      {"knobs", knobs_json(in.knobs)},
      {"self", self_json(in.wakeups)}};
}

}  // namespace ebb

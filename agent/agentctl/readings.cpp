// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/readings.hpp"

#include <cmath>
#include <optional>

#include "agentctl/sheet.hpp"
#include "agentctl/text.hpp"

namespace ebb {
namespace {

using namespace page;
using nlohmann::json;

constexpr std::size_t most_policies = 4;
constexpr std::size_t bar_width = 20, longest_value = 20;

class Readings {
 public:
  explicit Readings(const json& sensors) : sensors_(sensors) {}
  std::vector<ReadingRow> rows();

 private:
  void frequency();
  void policies();
  void load();
  void heat();
  void power();
  void add(const std::string& label, std::vector<std::string> facts, bool quiet = false) {
    if (!facts.empty()) rows_.push_back({label, std::move(facts), quiet});
  }

  // The number of a reading that belongs on the page; if it is not known its name is told at the end.
  std::optional<double> of(const char* name);
  std::string word_of(const char* name);
  void is_unknown(const char* name) {
    if (sensors_.contains(name)) unknown_.push_back(name);
  }

  const json& sensors_;
  std::vector<ReadingRow> rows_;
  std::vector<std::string> unknown_;
};

std::optional<double> Readings::of(const char* name) {
  const auto value = number(member(member(sensors_, name), "value"));
  if (!value) is_unknown(name);
  return value;
}

std::string Readings::word_of(const char* name) {
  const json& value = member(member(sensors_, name), "value");
  if (!value.is_string()) is_unknown(name);
  return value.is_string() ? shortened(text(value), longest_value) : "";
}

std::string value_of(const json& sensor) {
  const json& value = member(sensor, "value");
  if (value.is_null()) {
    const std::string reason = text(sensor, "reason");
    return "unknown" + (reason.empty() ? "" : " (" + reason + ")");
  }
  const std::string unit = text(sensor, "unit");
  if (unit == "kilohertz" && value.is_number()) return human_frequency(value.get<double>());
  return text(value) + (unit.empty() ? "" : " " + unit);
}

void Readings::frequency() {
  const json& sensor = member(sensors_, "frequency");
  if (sensor.is_null()) return;
  const auto percent = number(member(sensor, "value"));
  if (!percent) return add("frequency", {value_of(sensor)});
  std::string scale = bar(*percent / 100, bar_width);
  for (std::size_t blank; (blank = scale.find(' ')) != std::string::npos;) scale.replace(blank, 1, "·");
  add("frequency",
      {scale + "  " + shortened(human_number(*percent), longest_value) + " %" +
       (text(sensor, "status").starts_with("self-") ? " (" + text(sensor, "status") + ")" : "")});
}

// "cpufreq.policy0.current", "cpufreq.policy0.max", ...: one row.
void Readings::policies() {
  std::vector<ReadingRow> found;
  for (const auto& [key, sensor] : sensors_.items()) {
    if (!key.starts_with("cpufreq.")) continue;
    const std::string name = sanitised(key), label = name.substr(0, name.rfind('.'));
    if (found.empty() || found.back().label != label) found.push_back({label, {}});
    found.back().facts.push_back(name.substr(name.rfind('.') + 1) + " " + value_of(sensor));
  }
  const std::size_t more = found.size() > most_policies ? found.size() - most_policies : 0;
  found.resize(found.size() - more);
  for (auto& row : found) rows_.push_back(std::move(row));
  if (more) add("", {"and " + std::to_string(more) + " more policies: status --json"}, true);
}

void Readings::load() {
  std::vector<std::string> facts;
  if (const auto busy = of("utilisation")) facts.push_back(human_number(*busy) + " % busy");
  if (const auto queue = of("run_queue")) facts.push_back(human_number(*queue) + " tasks wait per CPU");
  for (const auto& [name, words] :
       {std::pair{"cpu_pressure", "CPU pressure "}, {"memory_pressure", "memory pressure "}})
    if (const auto pressure = of(name)) facts.push_back(words + human_number(*pressure) + " %");
  add("load", facts);
}

void Readings::heat() {
  std::vector<std::string> facts;
  if (const auto hottest = of("temperature")) facts.push_back(human_number(*hottest) + " °C");
  if (const auto margin = of("heat_margin"))
    facts.push_back(human_number(std::abs(*margin)) + (*margin < 0 ? " beyond" : " below") + " a trip point");
  add("heat", facts);
}

void Readings::power() {
  std::vector<std::string> facts;
  if (const auto mains = word_of("mains"); !mains.empty()) facts.push_back("mains " + mains);
  if (const auto charge = of("battery")) facts.push_back("battery " + human_number(*charge) + " %");
  if (const auto flow = of("battery_power"))
    facts.push_back(human_number(std::abs(*flow)) + (*flow < 0 ? " W into it" : " W out of it"));
  if (const auto drawn = of("power")) facts.push_back("the machine draws " + human_number(*drawn) + " W");
  if (const auto alarm = word_of("under_voltage"); alarm == "yes") facts.push_back("UNDER-VOLTAGE");
  add("power", facts);
}

std::vector<ReadingRow> Readings::rows() {
  if (!sensors_.is_object()) return {};
  frequency();
  policies();
  load();
  heat();
  power();
  std::string names;
  for (const auto& name : unknown_) names += (names.empty() ? "" : ", ") + name;
  if (!names.empty()) add("unknown", {names}, true);
  return std::move(rows_);
}

}  // namespace

std::vector<ReadingRow> reading_rows(const json& sensors) { return Readings(sensors).rows(); }

}  // namespace ebb

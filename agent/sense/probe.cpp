// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/probe.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace ebb {
namespace {

constexpr std::size_t longest_word = 64;
constexpr std::uint64_t longest_kept_ms = 60'000;

// A driver's way to say that there is a file, and no value now: a sensor that is asleep, a battery that is
// being measured.
bool silent(int error) {
  return error == ENODATA || error == ENXIO || error == EOPNOTSUPP || error == EAGAIN;
}

Reading failed(std::string unit, const Error& error) {
  Reading out = unknown(std::move(unit), error.what);
  out.silent = silent(error.number);
  return out;
}

std::string with_unit(double value, const Measure& measure) {
  char text[64];
  std::snprintf(text, sizeof text, "%.10g %s", value, measure.unit);
  return text;
}

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= longest_word && text.front() != '<' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 128 && std::isgraph(c); });
}

}  // namespace

Reading unknown(std::string unit, std::string reason) {
  return {.number = {}, .text = {}, .unit = std::move(unit), .reason = std::move(reason), .silent = false};
}

Reading number(std::string unit, double value) {
  return {.number = value, .text = {}, .unit = std::move(unit), .reason = {}, .silent = false};
}

Reading to_number(const Result<std::string>& text, const std::string& where, const Measure& measure) {
  if (!text) return failed(measure.unit, text.error());
  const auto no = [&](const std::string& why) { return unknown(measure.unit, where + ": " + why); };
  if (text->empty()) return no("empty");
  std::int64_t raw = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), raw);
  if (error == std::errc::result_out_of_range) return no("out of range");
  if (error != std::errc{} || end != text->data() + text->size()) return no("not a number");
  const double value = static_cast<double>(raw) / measure.divisor;
  if (value < 0 && measure.least >= 0) return no("negative");
  if (value < measure.least) return no("below " + with_unit(measure.least, measure));
  if (value > measure.most) return no("above " + with_unit(measure.most, measure));
  return number(measure.unit, value);
}

Reading to_word(const Result<std::string>& text, const std::string& where) {
  if (!text) return failed("", text.error());
  if (text->empty()) return unknown("", where + ": empty");
  if (!is_word(*text)) return unknown("", where + ": not a name");
  return {.number = {}, .text = *text, .unit = {}, .reason = {}, .silent = false};
}

std::vector<std::string> Probe::names(const std::string& folder, std::string_view prefix,
                                      std::size_t most) const {
  std::vector<std::string> out;
  for (auto& name : tree.list(folder))
    if (out.size() < most && name.starts_with(prefix) && is_word(name)) out.push_back(std::move(name));
  return out;
}

Reading Probe::measure(const std::string& path, const Measure& measure) const {
  return to_number(tree.read(path), tree.where(path), measure);
}

Reading Probe::word(const std::string& path) const { return to_word(tree.read(path), tree.where(path)); }

Reading Probe::fixed_word(const std::string& path) const {
  return to_word(tree.fixed(path), tree.where(path));
}

bool Probe::exists(const std::string& path) const {
  const auto slash = path.rfind('/');
  const auto names = tree.list(path.substr(0, slash));
  return std::find(names.begin(), names.end(), path.substr(slash + 1)) != names.end();
}

std::optional<double> Probe::growth(const std::string& counter, std::uint64_t value) const {
  now.counters[counter] = value;
  const auto last = before.counters.find(counter);
  if (last == before.counters.end() || value < last->second) return std::nullopt;
  return static_cast<double>(value - last->second);
}

void Probe::stamp(const std::string& name) {
  now.counters[name + ".at"] = static_cast<std::uint64_t>(now.at.count());
}

Reading Probe::kept(const std::string& name, const char* unit, const std::string& why_not_read) {
  const auto last = before.readings.find(name);
  const auto stamped = before.counters.find(name + ".at");
  if (last != before.readings.end() && stamped != before.counters.end() &&
      static_cast<std::uint64_t>(now.at.count()) - stamped->second < longest_kept_ms) {
    now.counters[stamped->first] = stamped->second;
    return last->second;
  }
  Reading out = unknown(unit, why_not_read);
  out.silent = true;
  return out;
}

void Probe::keep_counter(const std::string& counter) {
  if (const auto last = before.counters.find(counter); last != before.counters.end())
    now.counters[counter] = last->second;
}

double Probe::seconds() const {
  return before.readings.empty() ? 0 : std::chrono::duration<double>(now.at - before.at).count();
}

std::string Probe::gone(const std::string& name) const {
  const auto found = now.readings.find(name);
  if (found == now.readings.end() || found->second.known() || found->second.silent) return "";
  return before.answered.contains(name) ? found->second.reason : "";
}

Result<std::vector<double>> Probe::parts(const std::vector<std::string>& names,
                                         const std::string& none) const {
  std::vector<double> out;
  std::string why;
  for (const auto& name : names) {
    if (const auto lost = gone(name); !lost.empty()) return fail(lost);
    const Reading& reading = now.readings[name];
    if (reading.number) out.push_back(*reading.number);
    if (why.empty()) why = reading.reason;
  }
  if (out.empty()) return fail(why.empty() ? none : why);
  return out;
}

}  // namespace ebb

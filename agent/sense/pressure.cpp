// SPDX-License-Identifier: GPL-2.0-or-later
// Pressure stall information: Documentation/accounting/psi.rst.
#include <charconv>

#include "sense/sources.hpp"

namespace ebb {
namespace {

// "some avg10=0.31 avg60=...": the share of the last ten seconds in which somebody had to wait.
Reading some_avg10(const Probe& probe, const std::string& path) {
  const auto text = probe.tree.read(path);
  if (!text) return unknown("percent", text.error().what);
  const auto no = [&](const std::string& why) {
    return unknown("percent", probe.tree.where(path) + ": " + why);
  };
  constexpr std::string_view before = "some avg10=", after = " avg60=";
  if (!text->starts_with(before)) return no(text->empty() ? "empty" : "does not begin with \"some avg10=\"");
  double value = 0;
  const char* begin = text->data() + before.size();
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(begin, end, value, std::chars_format::fixed);
  if (error != std::errc{}) return no("not a number");
  if (!std::string_view(stop, static_cast<std::size_t>(end - stop)).starts_with(after))
    return no("cut short");
  if (!(value >= 0 && value <= 100)) return no("not a percentage");
  return number("percent", value);
}

}  // namespace

void sense_pressure(Probe& probe) {
  probe["cpu_pressure"] = some_avg10(probe, "/proc/pressure/cpu");
  probe["memory_pressure"] = some_avg10(probe, "/proc/pressure/memory");
}

}  // namespace ebb

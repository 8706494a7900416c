// SPDX-License-Identifier: GPL-2.0-or-later
// [plan.STATE.MODE], and `governor` of a class.
#include "config/plan.hpp"

#include <algorithm>
#include <charconv>

#include "config/parts.hpp"
#include "config/units.hpp"

namespace ebb {

PlanTable default_plan() {
  using namespace std::chrono_literals;
  const FrequencyLimit fast{.relative = false, .value = 1'800'000, .text = "1.8GHz"};
  const FrequencyLimit slow{.relative = false, .value = 600'000, .text = "600MHz"};
  PlanTable table;
  for (const auto state : {PowerState::performance, PowerState::balanced, PowerState::power_saver}) {
    cell(table, state, TrafficMode::bulk).min = fast;
    cell(table, state, TrafficMode::bulk).moderation = 200us;
  }
  cell(table, PowerState::critical, TrafficMode::bulk).moderation = 2ms;
  for (const auto state : {PowerState::power_saver, PowerState::critical}) {
    cell(table, state, TrafficMode::quiet).max = slow;
    cell(table, state, TrafficMode::quiet).moderation = 2ms;
  }
  return table;
}

namespace conf {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view none = "none";
constexpr auto least_window = 10us;
constexpr auto greatest_window = 10ms;  // beyond it TCP sees a slower path (its delayed ACK takes 40 ms)

// "1.8GHz" -> 1.8 and "GHz"; nothing: no number.
std::optional<std::pair<double, std::string_view>> number_and_unit(std::string_view text) {
  text = trimmed(text);
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  return std::pair(number, trimmed(text.substr(static_cast<std::size_t>(end - text.data()))));
}

std::optional<std::pair<double, std::string_view>> number_and_unit(std::string&&) =
    delete;  // the unit lies in it

std::optional<FrequencyLimit> parse_limit(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> units = {
      {{"%", 1}, {"kHz", 1}, {"MHz", 1e3}, {"GHz", 1e6}}};
  const auto parts = number_and_unit(text);
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const auto& u) { return parts && u.first == parts->second; });
  if (unit == units.end()) return std::nullopt;
  const FrequencyLimit limit{unit == units.begin(), parts->first * unit->second, text};
  const double most = limit.relative ? 100 : 1e8;
  return limit.value > 0 && limit.value <= most ? std::optional(limit) : std::nullopt;
}

FrequencyLimit read_limit(Reader& in, const Value& value) {
  const auto limit = parse_limit(text_of(value));
  if (!limit)
    in.expected(value, R"(a frequency such as "1.8GHz" or "60%")",
                "units: % of the hardware maximum (above 0, at most 100), kHz, MHz, GHz");
  return limit.value_or(FrequencyLimit{});
}

std::chrono::microseconds read_window(Reader& in, const Value& value) {
  const std::string text = text_of(value);
  const auto parts = number_and_unit(text);
  const double unit = !parts ? 0 : parts->second == "us" ? 1 : parts->second == "ms" ? 1000 : 0;
  const double window = parts ? parts->first * unit : 0;
  if (window >= least_window.count() && window <= std::chrono::microseconds(greatest_window).count())
    return std::chrono::microseconds(static_cast<std::int64_t>(window));
  in.expected(value, R"(a batch window such as "200us" or "2ms", from 10us to 10ms)",
              "\"none\": what the machine has set");
  return least_window;
}

// A word that the kernel knows: it is refused there if it does not.
std::string read_kernel_word(Reader& in, const Value& value, const std::string& example) {
  const std::string word = text_of(value);
  const bool plain = !word.empty() && word.size() < 32 &&
                     word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!plain) in.expected(value, "a word of the kernel such as " + in_quotes(example));
  return word;
}

void read_cell(Reader& in, const Value& table, PlanCell& cell) {
  const auto key = [](auto& where, auto read) {
    return [&where, read](const Value& value) {
      where = {};
      if (text_of(value) != none) where = read(value);
    };
  };
  const auto limit = [&in](const Value& v) { return read_limit(in, v); };
  in.table(
      table,
      {{"min_frequency", key(cell.min, limit)},
       {"max_frequency", key(cell.max, limit)},
       {"governor",
        key(cell.governor, [&in](const Value& v) { return read_kernel_word(in, v, "schedutil"); })},
       {"energy_performance_preference",
        key(cell.preference, [&in](const Value& v) { return read_kernel_word(in, v, "balance_power"); })},
       {"moderation", key(cell.moderation, [&in](const Value& v) { return read_window(in, v); })}});
  if (cell.min && cell.max && cell.min->relative == cell.max->relative && cell.min->value > cell.max->value)
    in.fail(
        table.at,
        "min_frequency " + in_quotes(cell.min->text) + " is above max_frequency " + in_quotes(cell.max->text),
        "lower one or raise the other; \"none\" takes a value of the default plan away");
}

}  // namespace

void read_plan(Reader& in, const Value& table, PlanTable& plan) {
  const auto mode = [&](PowerState s, TrafficMode m) {
    return Reader::Field{word(m), [&in, &plan, s, m](const Value& v) { read_cell(in, v, cell(plan, s, m)); }};
  };
  const auto state = [&](PowerState s) {
    return Reader::Field{word(s), [&in, &mode, s](const Value& v) {
                           in.table(v, {mode(s, TrafficMode::quiet), mode(s, TrafficMode::interactive),
                                        mode(s, TrafficMode::bulk)});
                         }};
  };
  in.table(table, {state(PowerState::performance), state(PowerState::balanced),
                   state(PowerState::power_saver), state(PowerState::critical)});
}

GovernorWish read_wish(Reader& in, const Value& table) {
  GovernorWish wish;
  in.table(table, {{"min_frequency", [&](const Value& v) { wish.min = read_limit(in, v); }},
                   {"max_frequency", [&](const Value& v) { wish.max = read_limit(in, v); }}});
  return wish;
}

void check_wish(Reader& in, Place at, const GovernorWish& wish, ClassKind kind) {
  if (kind == ClassKind::background && wish.min)
    in.fail(at, "a background class has no min_frequency: nobody waits for it",
            "give it max_frequency, or kind = \"urgent\" or \"bulk\"");
  if (kind != ClassKind::background && wish.max)
    in.fail(at, "only a background class has a max_frequency",
            "give it min_frequency, or kind = \"background\"");
}

}  // namespace conf
}  // namespace ebb

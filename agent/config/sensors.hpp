// SPDX-License-Identifier: GPL-2.0-or-later
// The sensors that a rule of a power state may name: one line each. A sensor's value is the reading of the
// same name (sense/sample.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ebb {

enum class Sensor : std::uint8_t {
  frequency,
  utilisation,
  run_queue,
  cpu_pressure,
  memory_pressure,
  power,
  mains,
  battery_power,
  battery,
  temperature,
  heat_margin,
  under_voltage
};

// Who decides where rules disagree: the greater one (DESIGN 4.2). A rule has the tier of its most important
// sensor; a rule of `critical` on a sensor of the tier `level` has the tier `critical`.
enum class Tier : std::uint8_t { fallback, load, supply, level, hold, critical };

inline constexpr std::array<std::string_view, 6> tier_words = {"default", "load", "supply",
                                                               "level",   "hold", "critical"};
constexpr std::string_view word(Tier tier) { return tier_words[static_cast<std::size_t>(tier)]; }

struct SensorKind {
  std::string_view name;
  std::string_view unit;       // of its number: "%", "C", "W"; "": a plain number
  double least = 0, most = 0;  // a threshold beyond them would never change
  Tier tier = Tier::load;
  std::array<std::string_view, 2> words = {};  // what a sensor without numbers says
  constexpr bool speaks() const { return !words[0].empty(); }
};

// Ends of a range are what hardware can mean: no CPU is idle at 0 Hz, no edge node draws 100 kW.
inline constexpr std::array<SensorKind, 12> sensor_kinds = {{
    {"frequency", "%", 0.001, 100, Tier::load},  // of the hardware maximum; also kHz, MHz, GHz
    {"utilisation", "%", 0, 100, Tier::load},
    {"run_queue", "", 0, 100'000, Tier::load},  // runnable tasks per CPU
    {"cpu_pressure", "%", 0, 100, Tier::load},
    {"memory_pressure", "%", 0, 100, Tier::load},
    {"power", "W", 0, 100'000, Tier::load},
    {"mains", "", 0, 0, Tier::supply, {"online", "offline"}},
    {"battery_power", "W", -100'000, 100'000, Tier::supply},  // above zero: discharging
    {"battery", "%", 0, 100, Tier::level},
    {"temperature", "C", -100, 250, Tier::level},
    {"heat_margin", "C", -250, 350, Tier::level},  // below zero: beyond a trip point
    {"under_voltage", "", 0, 0, Tier::level, {"yes", "no"}},
}};

constexpr const SensorKind& kind_of(Sensor sensor) { return sensor_kinds[static_cast<std::size_t>(sensor)]; }

}  // namespace ebb

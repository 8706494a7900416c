// SPDX-License-Identifier: GPL-2.0-or-later
// What a sample says about a condition of the configuration. Pure.
#pragma once

#include <optional>
#include <string>

#include "config/config.hpp"
#include "decide/echo.hpp"
#include "sense/sample.hpp"

namespace ebb {

enum class Truth : std::uint8_t { no, yes, unknown };

// A sample, and what follows from it for every rule alike.
struct View {
  const Sample& sample;
  std::optional<OwnLimit> cap, floor;  // of Ebb's own, that bind
  bool busy = false;                   // echo.hpp; only looked at while a cap binds
  bool blocked = false;                // the cap of an earlier state was too tight for the work of now
};

// As a reason to enter: a self-capped frequency is unknown, and so is a low one while `blocked`; a
// self-raised one is an upper bound.
Truth enters(const Condition& condition, const View& view);

// As a reason to leave, or to stay: a self-capped frequency is a lower bound, and a busy CPU says that it
// would be high; a self-raised one is an upper bound.
Truth leaves(const Condition& condition, const View& view);

// All of them, by one of the two above: one `no` is no; else one `unknown` is unknown.
Truth all(const StateRule& rule, const View& view, Truth (*truth)(const Condition&, const View&));

// A reading's number, if it is known and finite.
std::optional<double> number_of(const Sample& sample, const std::string& name);

// The value that a condition on this sensor is compared with, in the sensor's unit; nothing: unknown, or a
// word.
std::optional<double> value_of(const Sample& sample, Sensor sensor, bool hertz);

// "40 %", "offline", "unknown", "50 % (self-capped)", "100 % (self-raised)": the value for people.
std::string value_text(Sensor sensor, const View& view);

}  // namespace ebb

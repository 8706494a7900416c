// SPDX-License-Identifier: GPL-2.0-or-later
// The power state as docs/configuration.md says it, in the plainest way: no code of agent/decide, no Sample.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace ebb::test {

// What the machine says at one moment. Sensors by their place in the table; a word is 0 or 1.
struct Moment {
  std::array<std::optional<double>, sensor_kinds.size()> values;
  std::optional<double> kilohertz;  // where the frequency is known
  double cap = 0;       // percent of the hardware maximum: Ebb's limit, and it binds; 0: it does not
  bool raised = false;  // Ebb's minimum binds
  long hold = 0;        // 0: none; else which one
  PowerState held{};    // the state that it asks for
  long now = 0;         // ms
};

class Reference {
 public:
  explicit Reference(const std::array<StateRules, 4>& rules);

  void see(const Moment& moment);

  PowerState state = PowerState::balanced;
  std::string rule = "default";
  int rank = 0;  // of the tier: default, load, supply, level, hold, critical
  long since = 0;
  unsigned changes = 0, flaps = 0;
  std::optional<PowerState> waiting;

 private:
  enum Answer { no, yes, unknown };
  struct Entry {
    PowerState state;
    std::size_t number = 0, of = 0;
    int rank = 0;
    const StateRule* rule = nullptr;
    std::vector<std::size_t> enders;  // into enders_
    bool lasts = false;
    std::optional<long> begun;
  };
  struct Ender {
    const StateRule* rule = nullptr;
    std::optional<long> begun;
    bool over = false;
  };

  Answer ask(const StateRule& asked, const Moment& moment, bool entering) const;
  Answer ask_frequency(const Condition& c, const Moment& moment, bool entering) const;
  static bool busy(const Moment& moment);
  bool too_much(const Moment& moment) const;
  void follow(const Moment& moment);
  long dwell(PowerState other) const;

  const std::array<StateRules, 4>& rules_;
  std::vector<Entry> entries_;  // as they are asked where the rank is the same
  std::vector<Ender> enders_;
  const Entry* deciding_ = nullptr;
  bool started_ = false;
  long hold_ = 0;
  double too_tight_ = 0;            // percent; 0: none
  std::optional<PowerState> last_;  // what waited at the moment before
};

}  // namespace ebb::test

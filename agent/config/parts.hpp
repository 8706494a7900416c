// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of the configuration, one function each. Failures are kept by the Reader.
#pragma once

#include <map>

#include "config/config.hpp"
#include "config/reader.hpp"

namespace ebb::conf {

// Each is called once per file, over what earlier files have said.
void read_agent(Reader& in, const Value& table, Config& config);
void read_states(Reader& in, const Value& table, std::array<StateRules, 4>& states);

void read_plan(Reader& in, const Value& table, PlanTable& plan);

// The classes of one file: they replace those of the same name in `all`, or come before them.
class ClassReader {
 public:
  explicit ClassReader(std::vector<TrafficClass>& all) : all_(all) {}
  void read(Reader& in, const Value& table);

 private:
  std::vector<TrafficClass>& all_;
  std::map<std::string, std::string> here_;  // name -> place
  std::ptrdiff_t fresh_ = 0;                 // classes at the front that are new in this file
};

Rule read_rule(Reader& in, const Value& table);
Treatment read_treatment(Reader& in, const Value& value);
// What `treatment`, which stands at `at`, cannot do to the packets of a rule of the class.
void check_treatment(Reader& in, Place at, const Treatment& treatment, const TrafficClass& c);

// `governor` of a class, which stands at `at` in a class of this kind.
GovernorWish read_wish(Reader& in, const Value& table);
void check_wish(Reader& in, Place at, const GovernorWish& wish, ClassKind kind);

// The value of `enter` or `leave`: one rule, or a list of them.
std::vector<StateRule> read_state_rules(Reader& in, const Value& value);
// What `leave` cannot be to `enter`, once all files are read.
void check_state_rules(Reader& in, const StateRules& rules);

// What contradicts itself only in the whole: states, and rules that no packet reaches.
void check_states(Reader& in, const std::array<StateRules, 4>& states);
void check_order(Reader& in, const std::vector<TrafficClass>& classes);

// A duration between `min` and `max`.
std::chrono::milliseconds read_duration(Reader& in, const Value& value, std::chrono::milliseconds min,
                                        std::chrono::milliseconds max, const std::string& range);

// A file and its text.
struct File {
  std::string name, text;
};
// All of them as one configuration; there is at least one.
Result<Config> read_files(const std::vector<File>& files);

}  // namespace ebb::conf

// SPDX-License-Identifier: GPL-2.0-or-later
// What the sources of a sample share: from a file's text to a reading, from one counter to the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sense/sample.hpp"
#include "sense/tree.hpp"

namespace ebb {

Reading unknown(std::string unit, std::string reason);
Reading number(std::string unit, double value);

// The whole number that a file holds, and between which values it is none.
struct Measure {
  const char* unit;
  double divisor;      // that many of the file's unit are one
  double least, most;  // in `unit`; what lies beyond is nonsense
};

// One sample in the making.
struct Probe {
  Tree& tree;
  const Sample& before;  // empty at first
  Sample& now;
  const FrequencyTrace& trace;  // empty: nobody traces

  Reading& operator[](const std::string& name) { return now.readings[name]; }

  // The names in a folder that begin with `prefix` and can be part of a sensor's name; at most `most`.
  std::vector<std::string> names(const std::string& folder, std::string_view prefix = "",
                                 std::size_t most = 64) const;

  // What the file says.
  Reading measure(const std::string& path, const Measure& measure) const;
  Reading word(const std::string& path) const;        // one printable word
  Reading fixed_word(const std::string& path) const;  // the same of what never changes by itself
  bool exists(const std::string& path) const;

  // How much a counter has grown since the sample before; nothing if that is not known. A counter that went
  // back was reset.
  std::optional<double> growth(const std::string& counter, std::uint64_t value) const;
  double seconds() const;  // since the sample before; 0: there is none

  // A value that is not read at every sample: it counts for a minute after stamp().
  void stamp(const std::string& name);
  Reading kept(const std::string& name, const char* unit, const std::string& why_not_read);
  void keep_counter(const std::string& counter);

  // The readings `names` of parts of a whole, those that are known. A part that never answered is left out,
  // and so is one whose driver says that it has no value now. One that was known and is not any more leaves
  // the whole unknown: the error says why. So does none at all: `none`.
  Result<std::vector<double>> parts(const std::vector<std::string>& names, const std::string& none) const;
  // Why the part leaves the whole unknown; "": it does not.
  std::string gone(const std::string& name) const;
};

// What a file's text says, if it is one printable word, or one number; unknown: the reason begins with
// `where`.
Reading to_word(const Result<std::string>& text, const std::string& where);
Reading to_number(const Result<std::string>& text, const std::string& where, const Measure& measure);

}  // namespace ebb

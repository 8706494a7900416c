// SPDX-License-Identifier: GPL-2.0-or-later
#include "act/aggregate.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/file.hpp"

namespace ebb {
namespace {

using namespace std::chrono_literals;

// The value once it is another one than `old`, or the one that stays.
Result<std::string> read_settled(const Knob& knob, const std::string& old) {
  auto now = knob.read();
  for (auto left = knob.settles(); left > 0ms && now && *now == old; left -= 5ms) {
    std::this_thread::sleep_for(5ms);
    now = knob.read();
  }
  return now;
}

}  // namespace

bool satisfied(const Knob& knob, const std::string& current, const std::string& wanted) {
  const auto is = parse_number(current), asked = parse_number(wanted);
  if (!is || !asked) return false;
  if (knob.shows() == Shows::ceiling) return *is <= *asked;
  const auto ceiling = knob.top();
  return *is >= *asked || (ceiling && *is == *ceiling);
}

// While a limit binds the read-back is below what we wrote, and rises up to it when the limit ends.
bool still_ours(const Knob& knob, const JournalEntry& entry, const std::string& current) {
  return satisfied(knob, current, entry.wanted) || satisfied(knob, current, entry.readback);
}

bool in_doubt(const Knob& knob, const JournalEntry& entry) {
  if (knob.shows() != Shows::ceiling || !entry.readback.empty() || entry.original == entry.wanted)
    return false;
  const auto hardware = knob.top(), wanted = parse_number(entry.wanted);
  return hardware && wanted && *wanted >= *hardware;
}

Result<std::string> probe_original(const Knob& knob, const std::string& seen) {
  const auto hardware = knob.top();
  if (!hardware) return tl::unexpected(hardware.error());
  const std::string most = std::to_string(*hardware);
  if (auto written = knob.write(most); !written) return tl::unexpected(written.error());
  const auto now = read_settled(knob, seen);
  if (!now) return now;
  const auto before = parse_number(seen), after = parse_number(*now);
  return !before || !after || *before == *after ? most : seen;
}

Result<std::string> find_original(Journal& journal, const Knob& knob, JournalEntry entry) {
  const bool bound_before = knob.bound();
  const auto seen = knob.read();
  if (!seen || knob.shows() == Shows::floor) return seen;
  const bool bound = bound_before || knob.bound();
  const auto hardware = knob.top(), value = parse_number(*seen);
  if (!hardware) return tl::unexpected(hardware.error());
  if (!value) return tl::unexpected(value.error());
  if (*value >= *hardware) return seen;
  entry.wanted = std::to_string(*hardware);
  if (bound) return entry.wanted;
  entry.original = *seen;
  entry.readback.clear();
  if (auto put = journal.put(entry); !put) return tl::unexpected(put.error());
  return probe_original(knob, *seen);
}

}  // namespace ebb

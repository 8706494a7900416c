// SPDX-License-Identifier: GPL-2.0-or-later
// The holds that people and programs have asked for, where they outlive the agent.
//
// A hold ends at its time, counted on CLOCK_BOOTTIME: a suspend goes on counting, a clock that jumps changes
// nothing. One that is bound to a connection ends with it too, and therefore with the agent: it is not in the
// file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "decide/hold.hpp"

namespace ebb {

class Holds {
 public:
  static constexpr std::size_t max_holds = 64;
  static constexpr std::chrono::seconds max_time = std::chrono::hours(168);

  // Reads what an agent before this one left at `path`. A file that is damaged, or that is not a plain one,
  // counts as none, and `warning` says so: a hold is a wish, not worth a refusal to start.
  static Result<Holds> open(std::string path, std::optional<Error>& warning);

  // A new hold from now on. `connection`: it ends when that one closes. Errors: too many; not on disk.
  Result<Hold> add(PowerState state, std::chrono::seconds time, std::string reason, std::string who,
                   std::optional<std::uint64_t> connection);
  Result<Hold> release(const std::string& id);  // errors: no such hold (exit_usage)
  std::vector<Hold> release_all();
  // Those that are over, out of the list.
  std::vector<Hold> release_expired(std::chrono::milliseconds now);
  std::vector<Hold> release_connection(std::uint64_t connection);

  const std::vector<Hold>& all() const { return holds_; }
  bool bound(const Hold& hold) const;         // to a connection
  int timer() const { return timer_.get(); }  // readable when the next one is over; see acknowledge()
  void acknowledge() const;

 private:
  struct Bond {
    std::string id;
    std::uint64_t connection;
  };
  std::string path_;
  std::vector<Hold> holds_;
  std::vector<Bond> bonds_;
  Fd timer_;

  Status save();  // and sets the timer
  std::string free_id() const;
  template <typename Condition>
  std::vector<Hold> remove_if(Condition over);
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The dead-man's deadline: the data plane trusts the agent only while it beats.
#pragma once

#include <chrono>

#include "dataplane/maps.hpp"

namespace ebb {

class Beat {
 public:
  // Loads the beat program and runs it once, with a deadline that is already over: the data plane stays
  // inert, and the first reading of jiffies is taken. Measuring HZ takes a second one.
  static Result<Beat> open(Maps& maps);

  // Moves the deadline to `lifetime` from now. The first call waits until 60 ms after open(), so that HZ is
  // known within a sixth; later calls know it better and better.
  Status beat(std::chrono::milliseconds lifetime);

 private:
  Fd program_;
  ebb_live* live_ = nullptr;
  struct Reading {
    std::chrono::steady_clock::time_point time;
    std::uint64_t jiffies = 0;
  } first_, last_;

  Status run(std::uint64_t ticks);
};

}  // namespace ebb

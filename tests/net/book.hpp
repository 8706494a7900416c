// SPDX-License-Identifier: GPL-2.0-or-later
// What prove-identity knows of its sockets, held against the names in the data plane.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "abi.h"
#include "sense/owners.hpp"

namespace ebb::test {

class Book {
 public:
  using Clock = std::chrono::steady_clock;

  // Services have numbers: rule bit i of the policy names service i. `unnamed` is in no rule. A port is
  // settled when nothing has concerned it for so long.
  Book(const ebb_live& live, int unnamed, std::chrono::milliseconds settling)
      : live_(live), unnamed_(unnamed), settling_(settling) {}

  struct Entry {
    Port port;
    int maker;                // service
    std::set<pid_t> holders;  // processes that have it open
  };

  // While it lives, nothing is judged that may be changing: these ports, or where the kernel chooses one,
  // every free one. `moves`: a process changes its cgroup, which concerns every port.
  class Change {
   public:
    Change(Book& book, std::set<Port> touched, bool any_port, bool moves);
    ~Change();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    void touch(Port port) { touched_.insert(port); }

   private:
    Book& book_;
    std::set<Port> touched_;
    bool moves_;
  };

  // Change these only within a Change, and with the mutex.
  std::map<int, Entry> sockets;
  std::map<pid_t, int> cgroup;  // of each process
  std::mutex& mutex() { return mutex_; }
  void release(pid_t pid);  // it has nothing open any more
  void agent_restarted() { moved_ = Clock::now(); }

  std::set<Port> ports_of(pid_t pid) const;

  void judge();                                      // one look at every port that was ever used
  std::uint64_t samples = 0, shared = 0, wrong = 0;  // looks at a port, at one with two owners, wrong names
  std::uint64_t settled = 0, right = 0;              // looks at settled ports of a single, named owner
  std::vector<double> delays;                        // ms from the last change to the name

 private:
  struct Truth {
    std::set<int> makers;
    bool own_hands = true;
  };
  std::map<Port, Truth> truth() const;
  int name_of(Port port) const;

  const ebb_live& live_;
  int unnamed_;
  std::chrono::milliseconds settling_;
  std::mutex mutex_;
  std::set<Port> busy_ports_;
  bool any_port_ = false;  // a port is being chosen by the kernel
  std::map<Port, Clock::time_point> changed_, named_at_;
  Clock::time_point moved_;
};

}  // namespace ebb::test

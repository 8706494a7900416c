// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon does about interfaces and addresses, without the daemon: Interfaces and Surroundings on a
// loop of their own, so that a test sees the live structure change.
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agentd/interfaces.hpp"
#include "agentd/surroundings.hpp"
#include "lab.hpp"

namespace ebb::test {

class Follower {
 public:
  // Attaches at once, and follows from then on. Programs of an earlier one are adopted.
  explicit Follower(const std::vector<std::string>& patterns);
  ~Follower();  // stops following; what is attached stays

  // The rest is safe while the follower runs.
  const ebb_live& live() const { return maps_.live(); }
  Maps& maps() { return maps_; }
  const ebb_iface& flags(const std::string& interface) const;
  // What it knows of an interface: a copy; without a name if it has none of that name.
  Interface find(const std::string& name);
  std::unique_lock<std::mutex> pause() {
    return std::unique_lock(mutex_);
  }  // looks at nothing while it is held
  void configure(const std::vector<std::string>& patterns);

  // The slot of an address on an interface; null: it is in no slot.
  const ebb_address* slot(const OwnAddress& address) const;

 private:
  Maps maps_;
  Loop loop_;
  Interfaces interfaces_;
  Surroundings surroundings_;
  Fd timer_, stop_;
  std::mutex mutex_;
  std::thread thread_;
};

int index_of(const std::string& interface);
OwnAddress own_address(const std::string& text, const std::string& interface);

// Adds (RTM_NEWADDR, without duplicate detection) or removes (RTM_DELADDR) an address of an interface, by one
// message.
void change_address(std::uint16_t type, const OwnAddress& address, unsigned prefix);

}  // namespace ebb::test

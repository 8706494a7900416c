// SPDX-License-Identifier: GPL-2.0-or-later
// Network for tests: namespaces of the test's own, a veth pair, and frames sent exactly as given.
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "support/packets.hpp"

namespace ebb::test {

// Moves the process into new network and mount namespaces, with sysfs, bpffs and /run of its own, and with
// the loopback interface up. All of it vanishes with the process. Needs root.
Status enter_private_namespaces();

// Runs a command by the shell; an error carries its exit status.
Status shell(const std::string& command);

// Two connected interfaces without addresses and without automatic IPv6 traffic, up, MTU 65535. A frame sent
// into one arrives at the other.
class VethPair {
 public:
  static Result<VethPair> make(const std::string& sender, const std::string& receiver);
  VethPair(VethPair&&) = default;
  VethPair& operator=(VethPair&&) = delete;
  ~VethPair();  // deletes both

  unsigned receiver_index() const { return receiver_index_; }
  // Any frame of 14 bytes and more, untouched: no padding, no checksum offload. Errors: errno of send().
  Status send(const Bytes& frame) const;

 private:
  VethPair() = default;
  std::string sender_;
  unsigned receiver_index_ = 0;
  Fd socket_;
};

}  // namespace ebb::test

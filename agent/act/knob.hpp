// SPDX-License-Identifier: GPL-2.0-or-later
// Knob: one restorable setting of the machine.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

namespace ebb {

class Knob {
 public:
  virtual ~Knob() = default;
  virtual std::string id() const = 0;        // "file:/sys/class/net/eth0/queues/rx-0/rps_cpus"
  virtual std::string identity() const = 0;  // of the device behind it; differs after a replug
  virtual Result<std::string> read() const = 0;
  virtual Status write(const std::string& value) const = 0;
  virtual Status unset() const = 0;          // back to "not set", where the knob has such a thing
};

// A file of sysfs or procfs. The identity is the device's ifindex for /sys/class/net/IF/..., else the inode.
std::unique_ptr<Knob> file_knob(std::string path);

// The knob that an id of the journal names.
Result<std::unique_ptr<Knob>> knob_from_id(const std::string& id);

}  // namespace ebb

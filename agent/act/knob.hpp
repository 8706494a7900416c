// SPDX-License-Identifier: GPL-2.0-or-later
// Knob: one restorable setting of the machine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace ebb {

class Knob {
 public:
  virtual ~Knob() = default;
  virtual std::string id() const = 0;        // "file:/sys/class/net/eth0/queues/rx-0/rps_cpus"
  virtual std::string identity() const = 0;  // of the device behind it; differs after a replug
  virtual Result<std::string> read()
      const = 0;  // as the kernel spells it; empty: not set. Errors carry the errno
  virtual Status write(const std::string& value) const = 0;
  virtual Status unset() const = 0;  // back to "not set", where the knob has such a thing
};

// A file of sysfs or procfs; "not set" is an empty line. The identity is the device's ifindex for
// /sys/class/net/IF/..., else the inode; none for /proc/sys, whose inodes do not last.
std::unique_ptr<Knob> file_knob(std::string path);

// The knob that an id of the journal names. The journal is input: a file must lie under /sys, /proc/sys or
// /proc/irq.
Result<std::unique_ptr<Knob>> knob_from_id(const std::string& id);

// What makes a knob of an id: knob_from_id, or a test's own.
using KnobMaker = std::function<Result<std::unique_ptr<Knob>>(const std::string& id)>;

}  // namespace ebb

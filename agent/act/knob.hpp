// SPDX-License-Identifier: GPL-2.0-or-later
// Knob: one restorable setting of the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace ebb {

// What read() answers: our own last word, or the strictest of several requests of which ours is one.
enum class Shows : std::uint8_t {
  own,
  ceiling,  // scaling_max_freq: the lowest of ours, the cooling devices' and the platform's
  floor,    // scaling_min_freq: the highest, but never above the ceiling in force
};

class Knob {
 public:
  virtual ~Knob() = default;
  virtual std::string id() const = 0;        // "file:/sys/class/net/eth0/queues/rx-0/rps_cpus"
  virtual std::string identity() const = 0;  // of the device behind it; differs after a replug
  virtual Result<std::string> read()
      const = 0;  // as the kernel spells it; empty: not set. Errors carry the errno
  virtual Status write(const std::string& value) const = 0;
  virtual Status unset() const = 0;  // back to "not set", where the knob has such a thing

  virtual Shows shows() const { return Shows::own; }
  // Of a ceiling: the hardware's, which as a request asks for nothing. Of a floor: the ceiling in force.
  virtual Result<std::uint64_t> top() const { return fail("this knob has no limits"); }
  // Of a ceiling: somebody else's request is known to be in force, so that read() may not be ours.
  virtual bool bound() const { return false; }
  // So long at most after a write read() may still answer as before it.
  virtual std::chrono::milliseconds settles() const { return std::chrono::milliseconds(0); }
};

// A file of sysfs or procfs; "not set" is an empty line. The identity is the device's ifindex for
// /sys/class/net/IF/..., else the inode; none for /proc/sys, whose inodes do not last.
std::unique_ptr<Knob> file_knob(std::string path);

// scaling_max_freq and scaling_min_freq of a cpufreq policy; `path` ends so. Cooling devices stand below
// `thermal`.
std::unique_ptr<Knob> cpufreq_limit(std::string path, std::string thermal = "/sys/class/thermal");

// The knob that an id of the journal names. The journal is input: a file must lie under /sys, /proc/sys or
// /proc/irq.
Result<std::unique_ptr<Knob>> knob_from_id(const std::string& id);

// What makes a knob of an id: knob_from_id, or a test's own.
using KnobMaker = std::function<Result<std::unique_ptr<Knob>>(const std::string& id)>;

}  // namespace ebb

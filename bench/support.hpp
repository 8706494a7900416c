// SPDX-License-Identifier: GPL-2.0-or-later
// What both proofs need: Ebb's packet programs as the agent would load them, and policies for them.
#pragma once

#include <memory>
#include <string>

#include "base/cpumask.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"

namespace ebb::bench {

// Binds the calling thread. Returns the CPU: `cpu`, or the highest one where there are fewer.
unsigned pin_to_cpu(unsigned cpu);

// "AMD EPYC, Linux 6.18.44"
std::string machine();

// A bank from classes in TOML. Power-saver steers to CPU 0.
Result<std::unique_ptr<ebb_bank>> compile(const std::string& name, const std::string& classes,
                                          const ebb_bank& live);

// Ebb's XDP and TC programs over maps of their own, with one policy, in power-saver.
class Product {
 public:
  // Every interface may drop, trim and steer. The dead-man's deadline never comes.
  static Result<Product> load(const std::string& name, const std::string& classes, Enforcement enforcement);

  int xdp() const { return xdp_.get(); }  // program fds
  int tc() const { return tc_.get(); }
  Maps& maps() { return maps_; }

 private:
  explicit Product(Maps maps) : maps_(std::move(maps)) {}
  Maps maps_;
  Fd xdp_, tc_;
};

}  // namespace ebb::bench

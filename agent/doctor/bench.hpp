// SPDX-License-Identifier: GPL-2.0-or-later
// Where the probes of the kernel work: network and mount namespaces of this process's own, with a veth pair
// and an empty BPF file system, and the packet programs' maps without pins. All of it is gone with the
// process. Kernel modules that were loaded for it stay, as they do for the agent.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "dataplane/maps.hpp"

namespace ebb::doctor {

class Bench {
 public:
  Bench();  // moves the process; what failed is asked for below

  const Status& place() const { return place_; }  // whether the namespaces and the pair are there
  Result<Maps>& maps() { return maps_; }
  // The packet programs, loaded once: an emulated board takes seconds for each. tc: of Ethernet interfaces.
  const Result<Fd>& xdp_program();
  const Result<Fd>& tc_program();
  const Status& pins() const { return pins_; }  // check_pins() of the machine, which the bench hides

  // The two ends, both up and without addresses. Native XDP and settings are for `near`, every other hook is
  // for `far`.
  static constexpr const char* near_name = "near";
  static constexpr const char* far_name = "far";
  int near() const { return near_; }
  int far() const { return far_; }
  bool has_napi() const;                             // of near: a veth gets one with native XDP
  std::string sysfs(const std::string& path) const;  // of a sysfs that shows the pair

  // Sends frames to one end and waits until the packet programs counted them all; else an error.
  enum class To : bool { near, far };
  Status counts_frames(To end = To::near);

  // How long a frame takes from near to far; nothing: it did not arrive within two seconds.
  std::optional<std::chrono::microseconds> travel() const;

 private:
  Status pins_, place_;
  Result<Maps> maps_;
  std::optional<Result<Fd>> xdp_program_, tc_program_;
  int near_ = 0, far_ = 0;
  Fd sysfs_, near_socket_, far_socket_;

  Status enter();
  Status make_pair();
};

// A detached mount of a file system, which no path shows.
Result<Fd> private_mount(const char* type);

}  // namespace ebb::doctor

// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the published policy equal to the configuration and to the CPU masks of the power states.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "act/masks.hpp"
#include "config/config.hpp"
#include "dataplane/maps.hpp"

namespace ebb {

class PolicyHost {
 public:
  explicit PolicyHost(const Maps& maps) : maps_(maps), bank_(std::make_unique<ebb_bank>()) {}

  // Compiles and publishes; on an error the policy in force stays, whole.
  Status publish(Maps& maps, const Config& config, const std::string& root);

  const std::array<MaskChoice, 4>& masks() const { return masks_; }
  const std::vector<std::uint8_t>& slots() const { return slots_; }  // counter slot of each class
  bool steers(PowerState state) const {
    return steers_[static_cast<std::size_t>(state)];
  }  // some class asks for it
  bool can_steer() const { return can_steer_; }  // native XDP has queues on the CPUs of the masks

 private:
  const Maps& maps_;
  std::unique_ptr<ebb_bank> bank_;  // 350 KiB: too large for the stack
  std::array<MaskChoice, 4> masks_;
  std::array<bool, 4> steers_{};
  std::vector<std::uint8_t> slots_;
  bool can_steer_ = false;
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The probes, by file. `root` is where /sys, /proc and /run are found: "" for those of this machine.
#pragma once

#include <string>

#include "doctor/probe.hpp"

namespace ebb::doctor {

// packets.cpp
Finding try_maps(Bench& bench);
Finding try_xdp_program(Bench& bench);
Finding try_tc_program(Bench& bench);
Finding try_beat(Bench& bench);
// hooks.cpp. The native program stays on the bench's interface for the probes behind it.
Finding try_xdp_native(Bench& bench);
Finding try_xdp_dispatcher(Bench& bench);
Finding try_tcx(Bench& bench);
Finding try_clsact(Bench& bench);
Finding try_xdp_generic(Bench& bench);
Finding try_steer(Bench& bench);
Finding try_defer(Bench& bench);
// services.cpp
Finding try_listener_xdp(Bench& bench);
Finding try_listener_tc(Bench& bench);
Finding try_cgroup_hooks(Bench& bench);
Finding try_ring_buffer(Bench& bench);
Finding try_socket_list(Bench& bench);
Finding try_socket_iterators(Bench& bench);
// cpus.cpp
Finding look_topology(const std::string& root);
Finding look_frequency_limits(const std::string& root);
Finding look_interrupts(const std::string& root);
Finding try_rps(Bench& bench);
Finding try_xps(Bench& bench);
Finding try_threaded(Bench& bench);
Finding try_moderation(Bench& bench);
Finding try_napi_settings(Bench& bench);
// sensors.cpp
Finding look_frequency(const std::string& root);
Finding look_frequency_price(const std::string& root);
Finding look_idle(const std::string& root);
Finding look_pressure(const std::string& root);
Finding look_temperature(const std::string& root);
Finding look_power_supply(const std::string& root);
Finding look_hwmon(const std::string& root);
Finding look_powercap(const std::string& root);
Finding look_run_queue(const std::string& root);
// tracing.cpp
Finding try_kernel_btf(Bench& bench);
Finding try_tp_btf(Bench& bench);
Finding try_raw_tracepoint(Bench& bench);
Finding try_frequencies(Bench& bench);
// system.cpp
Finding look_capabilities(const std::string& root);
Finding look_sysfs(const std::string& root);
Finding look_manager(const std::string& root);
Finding try_bpffs(Bench& bench);
Finding try_lockdown(Bench& bench);
// neighbours.cpp
Finding look_irqbalance(const std::string& root);
Finding look_tuned(const std::string& root);
Finding look_tlp(const std::string& root);
Finding look_power_profiles(const std::string& root);
Finding look_thermald(const std::string& root);
Finding look_intel_lpmd(const std::string& root);

}  // namespace ebb::doctor

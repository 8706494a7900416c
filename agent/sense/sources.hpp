// SPDX-License-Identifier: GPL-2.0-or-later
// The sources of a sample, one file each, one line each in the table of sensors.cpp. Each says which readings
// it makes; the readings without a dot in their name are those that a rule may ask for (docs/sensors.md).
// They are told apart by file, so that nothing of them waits for anything else.
#pragma once

#include "sense/probe.hpp"

namespace ebb {

// frequency [percent]; cpufreq.POLICY.{hardware_min, hardware_max, min, max, current, mean} [kilohertz],
// .{governor, driver, preference, cpus}; Sample::policies and Sample::frequency.
void sense_cpufreq(Probe& probe);

// cpuidle.{driver}, cpuidle.wakeups [per_second], cpuidle.STATE.{name}, .residency [percent of all CPU time].
void sense_cpuidle(Probe& probe);

// temperature, heat_margin [celsius]; thermal.ZONE.{type}, .{temp, trip} [celsius].
void sense_thermal(Probe& probe);

// mains (online, offline), battery [percent], battery_power [watts]; power_supply.SUPPLY.{type, online,
// status}, .capacity [percent], .power [watts, positive: discharging].
void sense_power_supply(Probe& probe);

// under_voltage (yes, no), hwmon.CHIP.{name, alarm}, .POWER [watts].
void sense_hwmon(Probe& probe);

// powercap.ZONE.{name}, .power [watts, since it was read before].
void sense_powercap(Probe& probe);

// power [watts]: the best of what the two before have read.
void sense_power(Probe& probe);

// cpu_pressure, memory_pressure [percent].
void sense_pressure(Probe& probe);

// utilisation [percent], run_queue [tasks_per_cpu]; cpu.online.
void sense_load(Probe& probe);

// link.IF.{state, eee, power_save}, .multicast (addresses that its filter lets in).
void sense_links(Probe& probe);

// self.cpu_seconds [seconds], self.cpu [percent of one CPU, since the sample before].
void sense_self(Probe& probe);

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// The text of io.ebb.Agent.varlink, as org.varlink.service.GetInterfaceDescription gives it. varlink_test
// keeps the two equal.
#pragma once

namespace ebb {

inline constexpr const char* agent_interface_name = "io.ebb.Agent";

inline constexpr const char* agent_interface_description =
    R"varlink(# The Ebb agent: the power state of this machine, and what it does to the network in that state.
# Reading is open to everyone who may connect (root and group ebb); a method that changes something needs root.
interface io.ebb.Agent

# Why the power state is what it is: the rule, and the sensor values that decided.
type Reason (rule: string, values: [string]string)

# ifindex is null while the interface is absent, program_id while nothing is attached.
# hook: xdp-native, xdp-generic, tcx, clsact, none. link_type: ether, ip.
# treatment: all, or pass-only where nothing is dropped or trimmed.
type Interface (
  name: string,
  ifindex: ?int,
  hook: string,
  hook_reason: string,
  program_id: ?int,
  link_type: string,
  treatment: string,
  treatment_reason: string
)

# The CPUs that steered flows use, as a list ("0-1"); "" when nothing is moved.
type Cpus (mask: string, why: string)

# value is a number or a text, null when status is unknown. Units are spelt out: percent, kilohertz.
type Sensor (value: ?object, unit: string, status: (ok, unknown), reason: string)

# Packets since the maps were made. In observe, dropped, trimmed and so on say what would have been done.
# The last class is "unclassified", without a kind.
type Class (
  name: string,
  kind: ?string,
  packets: int,
  bytes: int,
  dropped: int,
  trimmed: int,
  steered: int,
  answered: int,
  limited: int,
  deferred: int
)

# status: applied, restored, foreign (somebody else wrote it: kept), busy, not-permitted, not-supported, gone, failed.
# reason says why, unless it is applied or restored.
type Knob (id: string, original: string, wanted: string, current: string, status: string, reason: ?string)

type Self (rss_bytes: int, cpu_seconds: float, wakeups: int)

# since is RFC 3339; passed maps a reason to packets; flaps counts changes that the dwell time held back.
method Status() -> (
  version: string,
  enforcement: (observe, enforce),
  state: string,
  since: string,
  reason: Reason,
  mode: string,
  flaps: int,
  interfaces: []Interface,
  cpus: Cpus,
  sensors: [string]Sensor,
  classes: []Class,
  passed: [string]int,
  knobs: []Knob,
  self: Self
)

# observe: count what would be done, touch nothing. enforce: do it. Root only.
method SetEnforcement(enforcement: (observe, enforce)) -> ()

# Goes to observe and gives every knob its original value back. Root only.
method Restore() -> (knobs: []Knob)

error PermissionDenied (message: string)
error Failed (message: string)
)varlink";

}  // namespace ebb

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

# Which configuration runs, and what it was read from, in order. unconfirmed: it is rolled back at `until` (RFC 3339).
# rolled_back: the configuration files were not confirmed; what was confirmed before them runs.
type Configuration (files: []string, state: (confirmed, unconfirmed, rolled_back), until: ?string)

# ifindex is null while the interface is absent, program_id while nothing is attached.
# hook: xdp-native, xdp-generic, tcx, clsact, none. link_type: ether, ip, other, unknown while it is absent.
# pattern: the entry of the configuration that chose it. treatment: all, or pass-only where nothing is dropped or trimmed.
# sockets_reason: why listener and service are not known on it; answers_reason: what is left to the stack, and why;
# "": nothing.
type Interface (
  name: string,
  ifindex: ?int,
  hook: string,
  hook_reason: string,
  program_id: ?int,
  link_type: string,
  pattern: string,
  steering: string,
  treatment: string,
  treatment_reason: string,
  sockets_reason: string,
  answers_reason: string
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

# What rules about services, cgroups and listeners have to go by. off: reason says why. unused: no rule asks.
type Services (status: (ok, off, unused), reason: string)

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
  configuration: Configuration,
  interfaces: []Interface,
  cpus: Cpus,
  sensors: [string]Sensor,
  classes: []Class,
  services: Services,
  passed: [string]int,
  knobs: []Knob,
  self: Self
)

# observe: count what would be done, touch nothing. enforce: do it. Root only.
method SetEnforcement(enforcement: (observe, enforce)) -> ()

# The running configuration, in its canonical form.
method Config() -> (text: string)

# Reads the configuration files again: the new configuration or, with an error, the old one, never a mixture. With
# confirm_seconds (1 to 86400) the new one is rolled back after this time unless Confirm() was called, also when the
# agent was killed meanwhile. Root only.
method Reload(confirm_seconds: ?int) -> (configuration: Configuration, interfaces: []string, classes: int)

# What runs now stays. Root only.
method Confirm() -> ()

# A packet. In a question, what is null or missing takes what is usual: udp, to an address of the interface.
# dscp: a name or a number. length: of the IP packet, in bytes. vlan: id of the outermost tag. tcp_flags: "syn,ack".
type Packet (
  ethertype: ?int,
  proto: ?string,
  src: ?string,
  sport: ?int,
  dst: ?string,
  dport: ?int,
  delivery: ?string,
  length: ?int,
  vlan: ?int,
  dscp: ?string,
  tcp_flags: ?string
)

# What happens in a power state. treatment: as in the configuration. verdict: pass, drop, trim, steer, trim+steer, answer,
# limit. reason: why it passes; protected: why it may not be dropped, trimmed or limited: a key of Status().passed.
type Outcome (state: string, treatment: string, verdict: string, reason: ?string, protected: ?string, why: string)

# found and name are null where that is not known; why says why.
type Listener (found: ?bool, why: string)
type Service (name: ?string, why: string)

# An Outcome for the power state of now, and what led to it. about: the socket, where a flow was asked for.
# rule: "file:line:column".
type Explanation (
  about: ?string,
  interface: string,
  hook: string,
  packet: ?Packet,
  bytes: int,
  enforcement: (observe, enforce),
  class: ?string,
  kind: ?string,
  rule: ?string,
  state: string,
  treatment: string,
  verdict: string,
  reason: ?string,
  protected: ?string,
  why: string,
  listener: Listener,
  service: Service,
  states: []Outcome
)

# Asks one of: tuple; packet, a frame in hexadecimal; flow, "PORT" of this machine or "ADDRESS:PORT" of either end.
# more: sockets of the flow that are not explained.
method Explain(interface: ?string, tuple: ?Packet, packet: ?string, flow: ?string) -> (explanations: []Explanation, more: int)

# carried_out is false where the agent observed: it would have been. verdict: drop, limit. rule is null where the policy
# is another one since.
type Drop (
  age_seconds: ?float,
  interface: string,
  ethertype: int,
  proto: ?string,
  src: ?string,
  sport: ?int,
  dst: ?string,
  dport: ?int,
  bytes: int,
  class: ?string,
  rule: ?string,
  state: string,
  verdict: string,
  carried_out: bool
)

# The last 32, newest first.
method WhyDropped() -> (drops: []Drop)

# Goes to observe and gives every knob its original value back. Root only.
method Restore() -> (knobs: []Knob)

error PermissionDenied (message: string, hint: string)
error InvalidConfiguration (message: string, hint: string)
error InvalidQuestion (message: string, hint: string)
error Failed (message: string, hint: string)
)varlink";

}  // namespace ebb

# SPDX-License-Identifier: GPL-2.0-or-later
# The demo's last table, from pairs of lines of counters (main.cpp of ebb_traffic): first and last of each stage.
{ for (i = 1; i <= NF; i++) at[NR, i] = $i }

function delta(stage, field) { return at[2 * stage, field] - at[2 * stage - 1, field] }
function rate(stage, field) { return delta(stage, field) * 1000 / delta(stage, 1) }
function share(a, b) { return b ? 100 * a / b : 0 }
function row(name, format, a, b, c) {
  printf "%-41s " format " " format " " format "\n", name, a, b, c
}
function row_rate(name, field) { row(name, "%12d", rate(1, field), rate(2, field), rate(3, field)) }
function per_datagram(stage) { return delta(stage, 4) ? delta(stage, 5) / delta(stage, 4) : 0 }

END {
  row("", "%12s", "balanced", "power-saver", "balanced")
  row_rate("IP packets into the network stack, /s", 2)
  row_rate("chatter that woke a program, /s", 3)
  row_rate("telemetry that arrived, /s", 4)
  row("telemetry, bytes per datagram", "%12d", per_datagram(1), per_datagram(2), per_datagram(3))
  row("TCP bulk, MB/s", "%12.1f", rate(1, 7) / 1e6, rate(2, 7) / 1e6, rate(3, 7) / 1e6)
  row("telemetry handled on CPU 0, %", "%12.1f", share(delta(1, 6), delta(1, 4)), share(delta(2, 6), delta(2, 4)), \
      share(delta(3, 6), delta(3, 4)))
  row("TCP bulk handled on CPU 0, %", "%12.1f", share(delta(1, 8), delta(1, 7)), share(delta(2, 8), delta(2, 7)), \
      share(delta(3, 8), delta(3, 7)))
  row_rate("CPU time of the programs, ms per second", 9)
  row_rate("CPU time of all the traffic (*), ms/s", 10)
  print "(*) the programs, the packet threads of the kernel, and the neighbour: a veth"
  print "    delivers packets in its sender's time, and that never changes its work here"
}

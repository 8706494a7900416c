// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/probes.hpp"

namespace ebb::doctor {

const std::vector<Probe>& probes() {
  constexpr auto anywhere = Probe::anywhere, on_bench = Probe::on_bench;
  static const std::vector<Probe> table = {
      {"packets.maps", try_maps, anywhere},
      {"packets.xdp-program", try_xdp_program, anywhere},
      {"packets.tc-program", try_tc_program, anywhere},
      {"packets.beat", try_beat, anywhere},
      {"packets.xdp-native", try_xdp_native, on_bench},
      {"packets.xdp-dispatcher", try_xdp_dispatcher, on_bench},
      {"packets.tcx", try_tcx, on_bench},
      {"packets.clsact", try_clsact, on_bench},
      {"packets.xdp-generic", try_xdp_generic, on_bench},
      {"packets.steer-cpumap", try_steer, anywhere},
      {"packets.defer-fq", try_defer, on_bench},

      {"services.listener-xdp", try_listener_xdp, anywhere},
      {"services.listener-tc", try_listener_tc, anywhere},
      {"services.cgroup-hooks", try_cgroup_hooks, anywhere},
      {"services.ring-buffer", try_ring_buffer, anywhere},
      {"services.socket-list", try_socket_list, anywhere},
      {"services.socket-iterators", try_socket_iterators, anywhere},

      {"cpus.topology", look_topology},
      {"cpus.rps", try_rps, on_bench},
      {"cpus.xps", try_xps, on_bench},
      {"cpus.threaded-napi", try_threaded, on_bench},
      {"cpus.moderation", try_moderation, on_bench},
      {"cpus.napi-settings", try_napi_settings, on_bench},
      {"cpus.frequency-limits", look_frequency_limits},
      {"cpus.interrupts", look_interrupts},

      {"sensors.frequency", look_frequency},
      {"sensors.frequency-price", look_frequency_price},
      {"sensors.idle", look_idle},
      {"sensors.pressure", look_pressure},
      {"sensors.run-queue", look_run_queue},
      {"sensors.temperature", look_temperature},
      {"sensors.power-supply", look_power_supply},
      {"sensors.hwmon", look_hwmon},
      {"sensors.powercap", look_powercap},

      {"tracing.kernel-btf", try_kernel_btf, anywhere},
      {"tracing.tp-btf", try_tp_btf, anywhere},
      {"tracing.raw-tracepoints", try_raw_tracepoint, anywhere},
      {"tracing.frequency", try_frequencies, anywhere},

      {"system.capabilities", look_capabilities},
      {"system.bpffs", try_bpffs, anywhere},
      {"system.sysfs", look_sysfs},
      {"system.lockdown", try_lockdown, anywhere},
      {"system.manager", look_manager},

      {"neighbours.irqbalance", look_irqbalance},
      {"neighbours.tuned", look_tuned},
      {"neighbours.tlp", look_tlp},
      {"neighbours.power-profiles-daemon", look_power_profiles},
      {"neighbours.thermald", look_thermald},
      {"neighbours.intel-lpmd", look_intel_lpmd},
  };
  return table;
}

}  // namespace ebb::doctor

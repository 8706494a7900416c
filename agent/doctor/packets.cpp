// SPDX-License-Identifier: GPL-2.0-or-later
// The packet programs and what they stand on.
#include <chrono>

#include "dataplane/beat.hpp"
#include "dataplane/programs.hpp"
#include "doctor/bench.hpp"
#include "doctor/probes.hpp"

namespace ebb::doctor {

using namespace std::chrono_literals;

namespace {

constexpr const char* kernel_remedy = "a kernel from 5.10 on with CONFIG_BPF_SYSCALL and CONFIG_BPF_JIT";

std::string milliseconds(std::chrono::steady_clock::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

template <typename Load>
Finding load(Load loader) {
  const auto begin = std::chrono::steady_clock::now();
  const auto& program = loader();
  if (!program) return off(program.error(), kernel_remedy);
  return ok("the verifier takes it in " + milliseconds(std::chrono::steady_clock::now() - begin));
}

}  // namespace

Finding try_maps(Bench& bench) {
  if (!bench.maps()) return off(bench.maps().error(), kernel_remedy);
  if (auto waited = bench.maps()->wait_for_readers(); !waited) return off(waited.error(), kernel_remedy);
  return ok("memory-mapped, per CPU, and of maps");
}

Finding try_xdp_program(Bench& bench) {
  return load([&]() -> const Result<Fd>& { return bench.xdp_program(); });
}

Finding try_tc_program(Bench& bench) {
  if (auto ethernet = load([&]() -> const Result<Fd>& { return bench.tc_program(); });
      ethernet.status != Health::ok)
    return ethernet;
  return load([&] { return load_tc(*bench.maps(), true); });  // for interfaces without an Ethernet header
}

Finding try_beat(Bench& bench) {
  if (!bench.maps()) return off(bench.maps().error(), kernel_remedy);
  auto beat = Beat::open(*bench.maps());
  if (!beat) return off(beat.error(), kernel_remedy);
  if (auto moved = beat->beat(1s); !moved) return off(moved.error(), kernel_remedy);
  const ebb_live& live = bench.maps()->live();
  if (live.deadline <= live.jiffies) return off("the deadline does not move", kernel_remedy);
  const std::string hz = std::to_string(live.hz);
  bench.maps()->set_inert();
  return ok("a program run by hand moves the deadline; HZ is " + hz);
}

}  // namespace ebb::doctor

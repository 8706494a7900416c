// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/beat.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <memory>
#include <thread>

#include <bpf/bpf.h>

#include "beat.skel.h"
#include "dataplane/programs.hpp"

namespace ebb {

using namespace std::chrono_literals;

namespace {

// Ticks per second. A short measurement is some percent off, and then CONFIG_HZ is the nearest of the rates
// that kernels are built with; a long one is exact.
double measured_hz(std::chrono::duration<double> time, std::uint64_t ticks) {
  const double measured = static_cast<double>(ticks) / time.count();
  if (time > 30s) return measured;
  constexpr std::array<double, 7> rates = {100, 128, 200, 250, 300, 500, 1000};
  return *std::min_element(rates.begin(), rates.end(), [measured](double a, double b) {
    return std::abs(a - measured) < std::abs(b - measured);
  });
}

}  // namespace

Result<Beat> Beat::open(Maps& maps) {
  const std::unique_ptr<beat_bpf, decltype(&beat_bpf::destroy)> skeleton(beat_bpf::open(),
                                                                         &beat_bpf::destroy);
  if (!skeleton) return fail_errno("cannot open the BPF object beat", errno);
  if (auto shared = maps.share_live(skeleton->maps.bss); !shared) return tl::unexpected(shared.error());
  if (const int error = beat_bpf::load(skeleton.get())) return refused_program("beat", -error);

  Beat beat;
  beat.program_.reset(dup(bpf_program__fd(skeleton->progs.ebb_beat)));
  beat.live_ = &maps.live();
  if (auto ran = beat.run(0); !ran) return tl::unexpected(ran.error());
  beat.first_ = beat.last_;
  maps.set_inert();
  return beat;
}

// Takes a reading of jiffies, and moves the deadline to `ticks` from now.
Status Beat::run(std::uint64_t ticks) {
  live_->beat_ticks = ticks;
  const auto ran = run_by_hand(program_.get());
  if (!ran || *ran != 0)
    return fail_errno("cannot move the data plane's deadline", ran ? 0 : ran.error().number,
                      "it is inert until this succeeds");
  last_ = {std::chrono::steady_clock::now(), live_->jiffies};
  return {};
}

Status Beat::beat(std::chrono::milliseconds lifetime) {
  if (last_.jiffies == first_.jiffies) {  // only one reading yet
    std::this_thread::sleep_until(first_.time + 60ms);
    if (auto ran = run(0); !ran) return ran;
  }
  const double ticks_per_second = measured_hz(last_.time - first_.time, last_.jiffies - first_.jiffies);
  live_->hz = static_cast<std::uint32_t>(std::lround(ticks_per_second));
  live_->cache_shift =
      static_cast<std::uint32_t>(std::bit_width(std::max(live_->hz, 2U))) - 1;  // half a second to one
  const double seconds = std::chrono::duration<double>(lifetime).count();
  return run(static_cast<std::uint64_t>(std::ceil(seconds * ticks_per_second)));
}

}  // namespace ebb

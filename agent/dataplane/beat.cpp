// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/beat.hpp"

#include <array>
#include <cerrno>
#include <cmath>
#include <memory>
#include <thread>

#include <bpf/bpf.h>

#include "beat.skel.h"
#include "dataplane/programs.hpp"

namespace ebb {

using namespace std::chrono_literals;

Result<Beat> Beat::open(Maps& maps) {
  const std::unique_ptr<beat_bpf, decltype(&beat_bpf::destroy)> skeleton(beat_bpf::open(),
                                                                         &beat_bpf::destroy);
  if (!skeleton) return fail_errno("cannot open the BPF object beat", errno);
  bpf_map__reuse_fd(skeleton->maps.ebb_live, maps.live_fd());
  if (const int error = beat_bpf::load(skeleton.get())) return refused_program("beat", -error);

  Beat beat;
  beat.program_.reset(dup(bpf_program__fd(skeleton->progs.ebb_beat)));
  beat.live_ = &maps.live();
  if (auto ran = beat.run(0); !ran) return tl::unexpected(ran.error());
  beat.first_time_ = std::chrono::steady_clock::now();
  beat.first_jiffies_ = beat.live_->jiffies;
  maps.set_inert();
  return beat;
}

Status Beat::run(std::uint64_t ticks) {
  live_->beat_ticks = ticks;
  std::array<char, 64> packet{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = packet.data();
  options.data_size_in = packet.size();
  options.repeat = 1;
  if (bpf_prog_test_run_opts(program_.get(), &options) != 0 || options.retval != 0)
    return fail_errno("cannot move the data plane's deadline", errno, "it is inert until this succeeds");
  return {};
}

Status Beat::beat(std::chrono::milliseconds lifetime) {
  auto elapsed = std::chrono::steady_clock::now() - first_time_;
  if (elapsed < 60ms) {
    std::this_thread::sleep_for(60ms - elapsed);
  }
  if (first_jiffies_ == live_->jiffies)  // only one reading yet
    if (auto ran = run(0); !ran) return ran;
  elapsed = std::chrono::steady_clock::now() - first_time_;
  const double ticks_per_second =
      static_cast<double>(live_->jiffies - first_jiffies_) / std::chrono::duration<double>(elapsed).count();
  const double seconds = std::chrono::duration<double>(lifetime).count();
  return run(static_cast<std::uint64_t>(std::ceil(seconds * ticks_per_second)));
}

}  // namespace ebb

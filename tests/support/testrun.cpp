// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/testrun.hpp"

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "dataplane/policy.hpp"

namespace ebb::test {
namespace {

constexpr std::size_t largest_frame = 65536;
constexpr const char* verdict_names[EBB_VERDICTS] = {"PASS",       "DROP", "TRIM", "STEER",
                                                     "TRIM_STEER", "5",    "6",    "7"};

int map_fd(bpf_object* object, const char* name) {
  const bpf_map* map = bpf_object__find_map_by_name(object, name);
  return map ? bpf_map__fd(map) : -1;
}

}  // namespace

void pin_to_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set)) std::perror("sched_setaffinity"), std::abort();
}

void count(ebb_counters& counters, const Outcome& outcome, const Bytes& frame) {
  if (outcome.reason) ++counters.passed[*outcome.reason];
  if (!outcome.slot) return;
  ebb_count& n = counters.verdict[*outcome.slot][outcome.verdict];
  ++n.packets;
  n.bytes += frame.size();
}

std::string difference(const ebb_counters& before, const ebb_counters& after) {
  std::string out;
  for (unsigned slot = 0; slot < EBB_CLASS_ROWS; ++slot)
    for (unsigned verdict = 0; verdict < EBB_VERDICTS; ++verdict) {
      const ebb_count &a = before.verdict[slot][verdict], &b = after.verdict[slot][verdict];
      if (a.packets == b.packets && a.bytes == b.bytes) continue;
      out += "slot " + std::to_string(slot) + " " + verdict_names[verdict] + " " +
             std::to_string(b.packets - a.packets) + " packets " + std::to_string(b.bytes - a.bytes) +
             " bytes; ";
    }
  for (unsigned reason = 0; reason < EBB_REASONS; ++reason)
    if (const auto n = after.passed[reason] - before.passed[reason])
      out += "reason " + std::to_string(reason) + " x" + std::to_string(n) + "; ";
  return out.empty() ? "nothing" : out;
}

Result<PacketObject> PacketObject::load(const std::string& path, bool xdp) {
  PacketObject out;
  out.xdp_ = xdp;
  out.object_.reset(bpf_object__open_file(path.c_str(), nullptr));
  if (!out.object_) return fail_errno("cannot open " + path, errno, "build the target all first");
  bpf_object* object = out.object_.get();
  const int cpus = libbpf_num_possible_cpus();
  if (bpf_map* map = bpf_object__find_map_by_name(object, "ebb_cpumap"))
    bpf_map__set_max_entries(map, static_cast<std::uint32_t>(cpus));
  if (const int error = bpf_object__load(object))
    return fail_errno("cannot load " + path, -error, "run as root");

  out.program_ =
      bpf_program__fd(bpf_object__find_program_by_name(object, xdp ? "ebb_xdp" : "ebb_tc_ingress"));
  out.counters_fd_ = map_fd(object, "ebb_counters");
  void* memory =
      mmap(nullptr, sizeof(ebb_live), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd(object, ".bss"), 0);
  if (out.program_ < 0 || out.counters_fd_ < 0 || memory == MAP_FAILED)
    return fail(path + " lacks a program or a map");
  out.live_ = static_cast<ebb_live*>(memory);
  if (const int cpumap = map_fd(object, "ebb_cpumap"); cpumap >= 0)
    for (std::uint32_t cpu = 0, queue = 64; cpu < static_cast<std::uint32_t>(cpus); ++cpu)
      if (bpf_map_update_elem(cpumap, &cpu, &queue, 0)) return fail_errno("cannot fill the CPU map", errno);
  return out;
}

PacketObject::PacketObject(PacketObject&& other) noexcept
    : object_(std::move(other.object_)),
      xdp_(other.xdp_),
      program_(other.program_),
      counters_fd_(other.counters_fd_),
      live_(std::exchange(other.live_, nullptr)),
      seen_(other.seen_) {}

PacketObject::~PacketObject() {
  if (live_) munmap(live_, sizeof *live_);
}

void PacketObject::install(const Config& config, const std::vector<std::uint8_t>& slots,
                           const std::array<CpuMask, 4>& masks) {
  const unsigned bank = (live_->word ^ EBB_WORD_BANK) & EBB_WORD_BANK;
  if (const auto done = compile_policy(config, slots, masks, live_->bank[bank]); !done) {
    std::fprintf(stderr, "policy: %s\n", done.error().what.c_str());
    std::abort();
  }
  live_->word ^= EBB_WORD_BANK;
  std::memset(&live_->bank[bank ^ 1], 0x5a, sizeof(ebb_bank));
}

void PacketObject::apply(const Situation& now, unsigned ifindex) const {
  live_->deadline = now.inert ? 1 : std::numeric_limits<std::uint64_t>::max();
  live_->word = (live_->word & EBB_WORD_BANK) | static_cast<std::uint32_t>(now.state) << 4 |
                (now.enforcement == Enforcement::enforce ? EBB_WORD_ENFORCE : 0);
  live_->iface[ifindex % EBB_IFACES] = now.iface;
}

PacketObject::Ran PacketObject::run(const Bytes& frame) const {
  static thread_local Bytes buffer(largest_frame);
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = buffer.data(),
              .data_size_in = static_cast<std::uint32_t>(frame.size()),
              .data_size_out = static_cast<std::uint32_t>(buffer.size()), .repeat = 1);
  Ran out;
  if (bpf_prog_test_run_opts(program_, &options)) {
    out.error = errno;
    return out;
  }
  const auto action = static_cast<int>(options.retval);
  const int pass = xdp_ ? static_cast<int>(XDP_PASS) : TC_ACT_UNSPEC;
  const int drop = xdp_ ? static_cast<int>(XDP_DROP) : TC_ACT_SHOT;
  if (action == drop)
    out.action = Action::drop;
  else if (action == pass)
    out.frame.assign(buffer.begin(), buffer.begin() + options.data_size_out);
  else if (xdp_ && action == XDP_REDIRECT) {
    out.action = Action::redirect;
    out.frame.assign(buffer.begin(), buffer.begin() + options.data_size_out);
  } else
    out.error = EBADMSG;  // an action that no verdict has
  return out;
}

ebb_counters PacketObject::counters() const {
  static thread_local std::vector<ebb_counters> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t zero = 0;
  if (bpf_map_lookup_elem(counters_fd_, &zero, cpus.data())) std::perror("ebb_counters"), std::abort();
  constexpr std::size_t words = sizeof(ebb_counters) / sizeof(std::uint64_t);
  ebb_counters sum{};
  std::array<std::uint64_t, words> total{}, one{};
  for (const ebb_counters& cpu : cpus) {
    std::memcpy(one.data(), &cpu, sizeof cpu);
    for (std::size_t i = 0; i < words; ++i) total[i] += one[i];
  }
  std::memcpy(&sum, total.data(), sizeof sum);
  return sum;
}

std::string PacketObject::check(const Bytes& frame, const Outcome& expected) {
  const Ran ran = run(frame);
  if (ran.error) return std::string("refused: ") + std::strerror(ran.error);
  ebb_counters wanted = seen_;
  count(wanted, expected, frame);
  const ebb_counters before = std::exchange(seen_, counters());
  if (ran.action != expected.action)
    return "action " + std::to_string(int(ran.action)) + ", expected " + describe(expected) + "; counted " +
           difference(before, seen_);
  if (ran.frame != expected.frame)
    return "frame of " + std::to_string(ran.frame.size()) + " bytes differs, expected " + describe(expected) +
           "; counted " + difference(before, seen_);
  if (std::memcmp(&wanted, &seen_, sizeof wanted) != 0)
    return "counted " + difference(before, seen_) + "expected " + difference(before, wanted);
  return {};
}

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/identity.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/log.hpp"
#include "dataplane/programs.hpp"
#include "sock.skel.h"

namespace ebb {

using namespace std::chrono_literals;

namespace {

constexpr auto debounce = 20ms;        // events come in bursts: a service starts, a connection looks names up
constexpr auto shortest_rest = 100ms;  // between two passes
constexpr int rest_factor = 20;        // and so long that passes take at most a twentieth of a CPU
constexpr unsigned patience = 12;      // ticks between two looks at sockets in strangers' hands

// Of this thread: a machine that is busy with other things does not make the agent rest longer.
std::chrono::nanoseconds cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

int ignore(void*, void*, std::size_t) { return 0; }

}  // namespace

void Identity::DestroyLink::operator()(bpf_link* link) const { bpf_link__destroy(link); }
void Identity::FreeRing::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Identity::Identity(Loop& loop, Maps& maps, Cgroups cgroups)
    : loop_(loop), maps_(maps), cgroups_(std::move(cgroups)) {}

Identity::~Identity() {
  forget_owners(maps_);
  if (ring_) loop_.remove(ring_buffer__epoll_fd(ring_.get()));
  if (timer_) loop_.remove(timer_.get());
}

Result<std::unique_ptr<Identity>> Identity::open(Loop& loop, Maps& maps) {
  auto cgroups = Cgroups::open();
  if (!cgroups) return tl::unexpected(cgroups.error());
  std::unique_ptr<Identity> identity(new Identity(loop, maps, std::move(*cgroups)));
  if (auto attached = identity->attach(); !attached) return tl::unexpected(attached.error());
  if (auto watched = identity->watch(); !watched) return tl::unexpected(watched.error());
  return identity;
}

Status Identity::attach() {
  const std::unique_ptr<sock_bpf, decltype(&sock_bpf::destroy)> sock(sock_bpf::open(), &sock_bpf::destroy);
  if (!sock) return fail_errno("cannot open the BPF object sock", errno);
  if (auto shared = maps_.share_live(sock->maps.bss); !shared) return tl::unexpected(shared.error());
  if (const int error = sock_bpf::load(sock.get())) return refused_program("sock", -error);

  table_ = std::make_unique<OwnerTable>(maps_, Fd(dup(bpf_map__fd(sock->maps.ebb_named))));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, sock->obj) {
    bpf_link* link = bpf_program__type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT
                         ? bpf_program__attach_raw_tracepoint(program, "cgroup_attach_task")
                         : bpf_program__attach_cgroup(program, cgroups_.root());
    if (!link)
      return fail_errno(std::string("cannot attach ") + bpf_program__name(program), errno,
                        errno == EPERM ? "another program keeps this hook of the root cgroup for itself"
                                       : "the kernel needs CONFIG_CGROUP_BPF and CONFIG_BPF_EVENTS");
    links_.emplace_back(link);
  }
  ring_.reset(ring_buffer__new(bpf_map__fd(sock->maps.ebb_events), ignore, nullptr, nullptr));
  if (!ring_) return fail_errno("cannot read the socket events", errno);
  return {};
}

Status Identity::watch() {
  timer_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_) return fail_errno("cannot make a timer", errno);
  if (auto added = loop_.add(timer_.get(), EPOLLIN,
                             [this](std::uint32_t) {
                               std::uint64_t expirations = 0;
                               if (read(timer_.get(), &expirations, sizeof expirations) > 0) pass(false);
                             });
      !added)
    return added;
  return loop_.add(ring_buffer__epoll_fd(ring_.get()), 0, [this](std::uint32_t) { on_event(); });
}

void Identity::set_policy(const Config& config) {
  table_->set_policy(config);
  follows_ = names_owner(config);
  if (follows_) return pass(false);
  forget_owners(maps_);
  trouble_.clear();
  (void)loop_.modify(ring_buffer__epoll_fd(ring_.get()), 0);  // unread records wake nobody
}

// The records stay unread until the pass, so no further event wakes the agent.
void Identity::on_event() {
  (void)loop_.modify(ring_buffer__epoll_fd(ring_.get()), 0);
  if (pending_) return;
  const auto wait = std::max<Clock::duration>(debounce, rested_ - Clock::now());
  const auto ns = std::chrono::nanoseconds(wait).count();
  const itimerspec once{.it_interval = {},
                        .it_value = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000}};
  pending_ = timerfd_settime(timer_.get(), 0, &once, nullptr) == 0;
}

void Identity::tick() {
  ++ticks_;
  if (follows_ && !pending_) pass(ticks_ % patience != 0);
}

void Identity::pass(bool patient) {
  const auto begin = cpu_time();
  pending_ = false;
  ring_buffer__consume(ring_.get());
  std::atomic_thread_fence(
      std::memory_order_seq_cst);  // an event that finds its record read is seen by this pass
  (void)loop_.modify(ring_buffer__epoll_fd(ring_.get()), EPOLLIN);
  const auto done = table_->refresh(cgroups_, patient);
  if (!done && trouble_ != done.error().what) log_warning(done.error());
  trouble_ = done ? "" : done.error().what;

  const auto cost = cpu_time() - begin;
  ++passes_;
  longest_ = std::max(longest_, std::chrono::duration_cast<std::chrono::microseconds>(cost));
  rested_ = Clock::now() + std::max<Clock::duration>(shortest_rest, rest_factor * cost);
}

std::string Identity::trouble() const {
  if (!trouble_.empty() || table_->hidden().empty()) return trouble_;
  return "no process is seen to have the sockets of " + table_->hidden() +
         " open (CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH)";
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// Whose packet is it: which socket wants it, and which service has that socket.
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/loop.hpp"
#include "dataplane/identity.hpp"
#include "doctor/bench.hpp"
#include "doctor/probes.hpp"
#include "doctor/trial.hpp"
#include "sense/sockets.hpp"

namespace ebb::doctor {
namespace {

struct LocalSocket {
  Fd fd;
  std::uint16_t port = 0;  // network order
};

Result<LocalSocket> bind_any(int type) {
  LocalSocket made{Fd(socket(AF_INET, type | SOCK_CLOEXEC, 0)), 0};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (!made.fd || bind(made.fd.get(), raw, size) != 0 || getsockname(made.fd.get(), raw, &size) != 0)
    return fail_errno("cannot open a socket", errno);
  made.port = address.sin_port;
  return made;
}

Finding find_listener(const char* program) {
  constexpr const char* remedy = "a kernel with CONFIG_INET; rules with `listener` need it";
  const auto wanted = bind_any(SOCK_DGRAM);
  if (!wanted) return unknown(wanted.error().what, "run doctor as root");
  const auto trial = Trial::load(program);
  if (!trial) return off(trial.error(), remedy);
  trial->set_port(wanted->port);
  if (auto ran = trial->run(); !ran) return off(ran.error(), remedy);
  return trial->seen() == 1 ? ok("the program found a socket by its port")
                            : off("the program did not find a socket that is there", remedy);
}

}  // namespace

Finding try_listener_xdp(Bench&) { return find_listener("doctor_lookup_xdp"); }
Finding try_listener_tc(Bench&) { return find_listener("doctor_lookup_tc"); }

// The hooks sit on the machine's root cgroup for a moment, and allow everything.
Finding try_cgroup_hooks(Bench& bench) {
  constexpr const char* remedy =
      "mount cgroup v2 and use a kernel with CONFIG_CGROUP_BPF; `service` rules need it";
  if (!bench.maps()) return off(bench.maps().error(), remedy);
  auto loop = Loop::open();
  if (!loop) return unknown(loop.error().what, "run doctor again");
  const auto identity = Identity::open(*loop, *bench.maps());
  if (!identity) return off(identity.error(), remedy);
  const auto epoch = bench.maps()->live().epoch;
  if (auto made = bind_any(SOCK_DGRAM); !made) return unknown(made.error().what, "run doctor as root");
  if (bench.maps()->live().epoch == epoch)
    return off("attached, but a new socket was not seen: this process is outside of the cgroups it sees",
               remedy);
  return ok("a new socket was seen at the root cgroup");
}

Finding try_ring_buffer(Bench&) {
  constexpr const char* remedy = "Linux 5.8 or newer; events are polled otherwise";
  const auto trial = Trial::load("doctor_record");
  if (!trial) return off(trial.error(), remedy);
  const auto count = [](void* records, void*, std::size_t) { return ++*static_cast<int*>(records), 0; };
  int records = 0;
  const std::unique_ptr<ring_buffer, decltype(&ring_buffer__free)> ring(
      ring_buffer__new(trial->ring(), count, &records, nullptr), &ring_buffer__free);
  if (!ring) return off(fail_errno("cannot map it", errno).value(), remedy);
  if (auto ran = trial->run(); !ran) return off(ran.error(), remedy);
  ring_buffer__consume(ring.get());
  return records == 1 ? ok("one record went through") : off("the record got lost", remedy);
}

Finding try_socket_list(Bench&) {
  constexpr const char* remedy = "a kernel with CONFIG_INET_DIAG: modprobe tcp_diag udp_diag";
  const auto wanted = bind_any(SOCK_DGRAM);
  if (!wanted) return unknown(wanted.error().what, "run doctor as root");
  const auto sockets = read_sockets();
  if (!sockets) return off(sockets.error(), remedy);
  for (const auto& one : *sockets)
    if (one.local_port == ntohs(wanted->port)) {
      if (one.cgroup == 0) return degraded("sock_diag names no cgroups", "Linux 5.7 or newer with cgroup v2");
      return ok("sock_diag lists them with their cgroups");
    }
  return off("sock_diag does not list a socket that is there", remedy);
}

Finding try_socket_iterators(Bench&) {
  constexpr const char* remedy = "none needed: Ebb lists sockets by sock_diag";
  const auto listening = bind_any(SOCK_STREAM);
  if (!listening || listen(listening->fd.get(), 1) != 0)
    return unknown("cannot open a socket", "run doctor as root");
  const auto trial = Trial::load("doctor_sockets");
  if (!trial) return off(trial.error(), remedy);
  const std::unique_ptr<bpf_link, decltype(&bpf_link__destroy)> link(
      bpf_program__attach_iter(trial->handle(), nullptr), &bpf_link__destroy);
  const Fd walk(link ? bpf_iter_create(bpf_link__fd(link.get())) : -1);
  if (!walk) return off(fail_errno("cannot attach one", errno).value(), remedy);
  std::array<char, 64> nothing;
  while (read(walk.get(), nothing.data(), nothing.size()) > 0) {
  }
  return trial->seen() > 0 ? ok("one walked over the TCP sockets") : off("one ran and saw no socket", remedy);
}

}  // namespace ebb::doctor

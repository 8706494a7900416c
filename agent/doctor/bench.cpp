// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/bench.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/file.hpp"
#include "dataplane/pins.hpp"
#include "dataplane/programs.hpp"
#include "dataplane/xdp.hpp"
#include "doctor/request.hpp"

namespace ebb::doctor {

using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t ethertype = 0x88b5;  // IEEE 802: for local experiments
constexpr unsigned frames = 4;
constexpr auto bench_patience = 2s;  // emulated machines are slow

using Frame = std::array<std::uint8_t, 60>;

Frame make_frame() {
  Frame frame{};
  std::memset(frame.data(), 0xff, 6);  // to everybody
  frame[6] = 0x02;                     // from a local address
  frame[12] = ethertype >> 8;
  frame[13] = ethertype & 0xff;
  return frame;
}

Result<Fd> packet_socket(int ifindex) {
  Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ethertype);
  address.sll_ifindex = ifindex;
  if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("cannot open a packet socket", errno);
  return fd;
}

Status bring_up(const char* interface) {
  const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_NOARP;
  if (!fd || ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0)
    return fail_errno(std::string("cannot bring up ") + interface, errno);
  return {};
}

Status make_veth() {
  const ifinfomsg header{};
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header);
  request.put(IFLA_IFNAME, Bench::near_name);
  const auto info = request.begin(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, "veth");
  const auto data = request.begin(IFLA_INFO_DATA);
  const auto peer = request.begin(VETH_INFO_PEER);
  request.put_header(header).put(IFLA_IFNAME, Bench::far_name);
  request.end(peer).end(data).end(info);
  auto made = request.send(NETLINK_ROUTE);
  if (!made)
    return fail_errno("cannot make a veth pair", made.error().number, "the kernel needs CONFIG_VETH");
  return {};
}

// The mount that /sys/fs/bpf is in must not pass on what is mounted there. "/" of a chroot is no mount.
Status hide_bpffs() {
  const char* const places[] = {"/sys/fs/bpf", "/sys", "/"};
  int error = 0;
  for (const char* place : places) {
    error = mount("none", place, nullptr, MS_PRIVATE, nullptr) == 0 ? 0 : errno;
    if (error == 0) break;
  }
  if (error == 0 && mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700") != 0) error = errno;
  if (error)
    return fail_errno("cannot mount a BPF file system", error, "the kernel needs CONFIG_BPF_SYSCALL");
  return {};
}

}  // namespace

Result<Fd> private_mount(const char* type) {
  const Fd context(fsopen(type, FSOPEN_CLOEXEC));
  Fd mounted;
  if (context && fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0)
    mounted.reset(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!mounted) return fail_errno(std::string("cannot mount ") + type, errno);
  return mounted;
}

Bench::Bench() : pins_(check_pins()), maps_(Maps::open("")) { place_ = enter(); }

const Result<Fd>& Bench::xdp_program() {
  if (!xdp_program_) xdp_program_ = maps_ ? load_xdp(*maps_) : tl::unexpected(maps_.error());
  return *xdp_program_;
}

const Result<Fd>& Bench::tc_program() {
  if (!tc_program_) tc_program_ = maps_ ? load_tc(*maps_) : tl::unexpected(maps_.error());
  return *tc_program_;
}

Status Bench::enter() {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
    return fail_errno("cannot make namespaces to try it in", errno, "run doctor with CAP_SYS_ADMIN");
  unsetenv("LIBXDP_BPFFS");  // its pins belong on the bench
  if (auto hidden = hide_bpffs(); !hidden) return hidden;
  auto shown = private_mount("sysfs");
  if (!shown) return tl::unexpected(shown.error());
  sysfs_ = std::move(*shown);
  return make_pair();
}

Status Bench::make_pair() {
  (void)write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");  // or it talks of its own accord
  if (auto made = make_veth(); !made) return made;
  for (const char* name : {near_name, far_name})
    if (auto up = bring_up(name); !up) return up;
  near_ = static_cast<int>(if_nametoindex(near_name));
  far_ = static_cast<int>(if_nametoindex(far_name));
  auto near = packet_socket(near_);
  auto far = packet_socket(far_);
  if (!near || !far) return tl::unexpected((near ? far : near).error());
  near_socket_ = std::move(*near);
  far_socket_ = std::move(*far);
  return {};
}

bool Bench::has_napi() const {
  const auto attached = query_xdp(near_);
  return attached && !attached->programs.empty();
}

std::string Bench::sysfs(const std::string& path) const {
  return "/proc/self/fd/" + std::to_string(sysfs_.get()) + "/" + path;
}

Status Bench::counts_frames(To to) {
  const auto counted = [this]() -> std::uint64_t {
    std::uint64_t sum = 0;
    for (const auto packets : maps_->read_counters().passed) sum += packets;
    return sum;
  };
  const auto before = counted();
  const Frame frame = make_frame();
  for (unsigned i = 0; i < frames; ++i)
    if (send((to == To::near ? far_socket_ : near_socket_).get(), frame.data(), frame.size(), 0) < 0)
      return fail_errno("cannot send a frame", errno);
  const auto end = std::chrono::steady_clock::now() + bench_patience;
  while (std::chrono::steady_clock::now() < end) {
    if (counted() - before >= frames) return {};
    std::this_thread::sleep_for(1ms);
  }
  return fail("attached, but the program saw only " + std::to_string(counted() - before) + " of " +
              std::to_string(frames) + " frames");
}

std::optional<std::chrono::microseconds> Bench::travel() const {
  Frame frame{};
  while (recv(far_socket_.get(), frame.data(), frame.size(), MSG_DONTWAIT) > 0) {
  }
  frame = make_frame();
  const auto begin = std::chrono::steady_clock::now();
  if (send(near_socket_.get(), frame.data(), frame.size(), 0) < 0) return std::nullopt;
  pollfd wait{.fd = far_socket_.get(), .events = POLLIN, .revents = 0};
  if (poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(bench_patience).count())) != 1)
    return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace ebb::doctor

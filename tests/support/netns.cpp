// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/netns.hpp"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

namespace ebb::test {

Status shell(const std::string& command) {
  const int status = std::system(command.c_str());  // NOLINT: commands of the tests only
  if (status != 0) return fail("`" + command + "` failed with status " + std::to_string(status));
  return {};
}

// The root of a chroot is no mount point and cannot be made private: there the tree is bound to a place that
// can.
static Status make_mounts_private() {
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return {};
  if (mount("none", "/sys", nullptr, MS_PRIVATE, nullptr) || mount("tmpfs", "/sys", "tmpfs", 0, nullptr) ||
      mkdir("/sys/root", 0755) || mount("/", "/sys/root", nullptr, MS_BIND | MS_REC, nullptr) ||
      mount("none", "/sys/root", nullptr, MS_REC | MS_PRIVATE, nullptr) || chroot("/sys/root") || chdir("/"))
    return fail_errno("cannot make the mounts of a chroot private", errno);
  return {};
}

Status enter_private_namespaces() {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS)) return fail_errno("cannot make namespaces", errno, "run as root");
  if (const auto done = make_mounts_private(); !done) return done;
  // sysfs shows the network of the namespace it was mounted in
  if (mount("sysfs", "/sys", "sysfs", 0, nullptr)) return fail_errno("cannot mount /sys", errno);
  if (mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700"))
    return fail_errno("cannot mount /sys/fs/bpf", errno);
  if (mount("tmpfs", "/run", "tmpfs", 0, "mode=0755")) return fail_errno("cannot mount /run", errno);
  return shell("ip link set lo up");
}

Result<VethPair> VethPair::make(const std::string& sender, const std::string& receiver) {
  if (auto made =
          shell("ip link add " + sender + " mtu 65535 type veth peer name " + receiver + " mtu 65535");
      !made)
    return tl::unexpected(made.error());
  VethPair out;
  out.sender_ = sender;
  for (const auto& name : {sender, receiver})
    if (auto up = shell("echo 1 >/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6 && ip link set " + name +
                        " arp off up");
        !up)
      return tl::unexpected(up.error());
  out.receiver_index_ = if_nametoindex(receiver.c_str());
  out.socket_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(sender.c_str()));
  if (!out.socket_ || bind(out.socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                           sizeof address))  // NOLINT: as bind() wants it
    return fail_errno("cannot open a packet socket on " + sender, errno);
  return out;
}

VethPair::~VethPair() {
  if (socket_) (void)shell("ip link del " + sender_);
}

Status VethPair::send(const Bytes& frame) const {
  if (::send(socket_.get(), frame.data(), frame.size(), 0) < 0) return fail_errno("send", errno);
  return {};
}

}  // namespace ebb::test

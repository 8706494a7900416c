// SPDX-License-Identifier: GPL-2.0-or-later
#include "follower.hpp"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "dataplane/pins.hpp"
#include "dataplane/programs.hpp"

namespace ebb::test {
namespace {

template <typename T>
T must(Result<T> made) {
  errno = 0;
  if (!made) die(made.error().what);
  return std::move(*made);
}

}  // namespace

Follower::Follower(const std::vector<std::string>& patterns)
    : maps_(must(Maps::open(pin_folder()))),
      loop_(must(Loop::open())),
      interfaces_(maps_),
      surroundings_(must(Surroundings::open(loop_,
                                            [this](Change change) {
                                              const std::lock_guard lock(mutex_);
                                              if (change == Change::addresses)
                                                interfaces_.refresh_addresses();
                                              else
                                                interfaces_.refresh();
                                            }))),
      stop_(eventfd(0, EFD_CLOEXEC)) {
  quiet_libraries();
  interfaces_.configure(patterns);
  interfaces_.refresh();
  if (!surroundings_.follow_routes(interfaces_.follows_routes())) die("cannot follow the routes");
  timer_ = must(loop_.every(std::chrono::milliseconds(100), [this] {
    const std::lock_guard lock(mutex_);
    interfaces_.refresh_settings();
  }));
  if (!loop_.add(stop_.get(), EPOLLIN, [this](std::uint32_t) { loop_.stop(); })) die("cannot stop");
  thread_ = std::thread([this] { loop_.run(); });
}

Follower::~Follower() {
  const std::uint64_t one = 1;
  if (write(stop_.get(), &one, sizeof one) != sizeof one) die("cannot stop");
  thread_.join();
}

void Follower::configure(const std::vector<std::string>& patterns) {
  const std::lock_guard lock(mutex_);
  interfaces_.configure(patterns);
  interfaces_.refresh();
  if (!surroundings_.follow_routes(interfaces_.follows_routes())) die("cannot follow the routes");
}

const ebb_iface& Follower::flags(const std::string& interface) const {
  return live().iface[static_cast<std::size_t>(index_of(interface)) % EBB_IFACES];
}

Interface Follower::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (const auto& one : interfaces_.all())
    if (one.name == name) return one;
  return {};
}

const ebb_address* Follower::slot(const OwnAddress& address) const {
  std::array<std::uint32_t, 4> words{};
  std::memcpy(words.data(), address.address.data(), address.ipv6 ? 16 : 4);
  for (const auto& set : address.ipv6 ? live().ipv6 : live().ipv4)
    for (const auto& way : set)
      if (std::memcmp(way.word, words.data(), sizeof way.word) == 0 &&
          way.ifindex == static_cast<std::uint32_t>(address.ifindex))
        return &way;
  return nullptr;
}

int index_of(const std::string& interface) {
  const auto index = if_nametoindex(interface.c_str());
  if (!index) die("no interface " + interface);
  return static_cast<int>(index);
}

OwnAddress own_address(const std::string& text, const std::string& interface) {
  OwnAddress out;
  out.ipv6 = text.find(':') != std::string::npos;
  out.ifindex = index_of(interface);
  if (inet_pton(out.ipv6 ? AF_INET6 : AF_INET, text.c_str(), out.address.data()) != 1)
    die("no address " + text);
  return out;
}

void change_address(std::uint16_t type, const OwnAddress& address, unsigned prefix) {
  struct {
    nlmsghdr header;
    ifaddrmsg body;
    rtattr attribute;
    std::array<std::uint8_t, 16> bytes;
  } request{};
  const std::size_t size = address.ipv6 ? 16 : 4;
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags =
      static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | (type == RTM_NEWADDR ? NLM_F_CREATE : 0));
  request.header.nlmsg_len =
      static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof request.body) + sizeof request.attribute + size);
  request.body.ifa_family = address.ipv6 ? AF_INET6 : AF_INET;
  request.body.ifa_prefixlen = static_cast<std::uint8_t>(prefix);
  request.body.ifa_flags = IFA_F_NODAD;
  request.body.ifa_index = static_cast<std::uint32_t>(address.ifindex);
  request.attribute = {static_cast<std::uint16_t>(RTA_LENGTH(size)), IFA_LOCAL};
  request.bytes = address.address;
  static const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  struct {
    nlmsghdr header;
    int error;
    std::array<char, 256> rest;
  } answer{};
  if (send(fd.get(), &request, request.header.nlmsg_len, 0) < 0 ||
      recv(fd.get(), &answer, sizeof answer, 0) < 0)
    die("netlink");
  errno = -answer.error;
  if (answer.error) die("cannot change an address");
}

}  // namespace ebb::test

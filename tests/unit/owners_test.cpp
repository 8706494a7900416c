// SPDX-License-Identifier: GPL-2.0-or-later
// Who owns a port: the meaning of names, sockets of several cgroups, and the machine's own answers.
#include "sense/owners.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "base/fd.hpp"
#include "dataplane/owner_table.hpp"
#include "sense/management.hpp"

using namespace ebb;

namespace {

TEST(Owners, AServiceIsTheLastPartOfThePath) {
  const Owner service{false, "mosquitto.service"};
  EXPECT_TRUE(means(service, "/system.slice/mosquitto.service"));
  EXPECT_TRUE(means(service, "/mosquitto.service"));
  EXPECT_FALSE(means(service, "/system.slice/mosquitto.service/worker"));
  EXPECT_FALSE(means(service, "/system.slice/not-mosquitto.service"));
  EXPECT_FALSE(means(service, "/system.slice"));
  EXPECT_FALSE(means(service, ""));
}

TEST(Owners, ACgroupIsThePathAndAllBelow) {
  const Owner slice{true, "/system.slice"};
  EXPECT_TRUE(means(slice, "/system.slice"));
  EXPECT_TRUE(means(slice, "/system.slice/a.service/b"));
  EXPECT_FALSE(means(slice, "/system.slices"));
  EXPECT_FALSE(means(slice, "/user.slice/system.slice"));
  EXPECT_TRUE(means({true, "/system.slice/"}, "/system.slice"));
  EXPECT_TRUE(means({true, "/"}, "/anything"));
  EXPECT_TRUE(means({true, "/"}, "/"));
  EXPECT_FALSE(means({true, "/"}, ""));
}

Socket made_by(std::uint64_t cgroup, std::uint64_t inode, std::uint8_t state = TCP_LISTEN,
               std::uint8_t proto = IPPROTO_TCP) {
  Socket socket;
  socket.proto = proto;
  socket.local_port = 80;
  socket.state = state;
  socket.cgroup = cgroup;
  socket.inode = inode;
  socket.cookie = inode + 1000;
  return socket;
}

PortOwner owner_of(const std::vector<Socket>& sockets) {
  const auto owners = port_owners(sockets, [](std::uint64_t id) {
    return id == 0 || id == 9 ? std::string() : "/" + std::to_string(id % 10);  // 1 and 11: the same path
  });
  EXPECT_EQ(owners.size(), 1u);
  return owners.begin()->second;
}

TEST(Owners, APortWithTwoOwnersHasNone) {
  EXPECT_EQ(owner_of({made_by(1, 5)}).path, "/1");
  EXPECT_EQ(owner_of({made_by(1, 5), made_by(1, 6)}).path, "/1");
  EXPECT_EQ(owner_of({made_by(1, 5), made_by(11, 6)}).path, "/1") << "the service's earlier run";
  EXPECT_EQ(owner_of({made_by(1, 5), made_by(2, 6)}).path, "");
  EXPECT_EQ(owner_of({made_by(1, 5), made_by(2, 6), made_by(1, 7)}).path, "");
  EXPECT_EQ(owner_of({made_by(1, 5), made_by(2, 0, TCP_FIN_WAIT1)}).path, "") << "also one that only lingers";
  EXPECT_EQ(owner_of({made_by(1, 5), made_by(9, 6)}).path, "") << "a cgroup that is not known";
  EXPECT_EQ(owner_of({made_by(0, 5)}).path, "");
}

TEST(Owners, APortStandsOnItsListeners) {
  using Set = std::set<std::uint64_t>;
  const auto listens = made_by(1, 5), connected = made_by(1, 6, TCP_ESTABLISHED);
  EXPECT_EQ(owner_of({connected}).cookies, Set{1006});
  EXPECT_EQ(owner_of({connected, listens}).cookies, Set{1005});
  EXPECT_EQ(owner_of({listens, connected}).cookies, Set{1005});
  EXPECT_EQ(owner_of({listens, connected}).inodes, (Set{5, 6}));
  EXPECT_EQ(owner_of({made_by(1, 7, TCP_CLOSE, IPPROTO_UDP)}).cookies, Set{1007});
}

TEST(Owners, EverySocketIsInItsOwnHands) {
  const PortOwner owner{"/a", {5, 6}, {}};
  EXPECT_TRUE(held_by_owner(owner, {{5, {"/a"}}, {6, {"/a"}}}));
  EXPECT_FALSE(held_by_owner(owner, {{5, {"/a"}}})) << "one is in nobody's hands";
  EXPECT_FALSE(held_by_owner(owner, {{5, {"/a"}}, {6, {"/a", "/b"}}}));
  EXPECT_FALSE(held_by_owner(owner, {{5, {"/a"}}, {6, {"/b"}}}));
  EXPECT_FALSE(held_by_owner({"/a", {}, {}}, {})) << "nothing but connections that linger";
  EXPECT_FALSE(held_by_owner({"", {5}, {}}, {{5, {""}}}));
}

TEST(Owners, RulesOfAnOwner) {
  Config config;
  config.classes.resize(2);
  Rule plain, service, slice;
  service.owner = {{false, "a.service"}, {false, "b.service"}};
  slice.owner = {{true, "/system.slice"}};
  config.classes[0].match = {service, plain};
  config.classes[1].match = {slice};
  EXPECT_EQ(owner_rules(config, ""), 0b010u);
  EXPECT_EQ(owner_rules(config, "/b.service"), 0b011u);
  EXPECT_EQ(owner_rules(config, "/system.slice/a.service"), 0b111u);
  EXPECT_EQ(owner_rules(config, "/system.slice/c.service"), 0b110u);
  EXPECT_TRUE(names_owner(config));
  EXPECT_FALSE(names_listener(config));
  config.classes.resize(1);
  config.classes[0].match = {plain};
  EXPECT_FALSE(names_owner(config));
  config.classes[0].match[0].no_listener = true;
  EXPECT_TRUE(names_listener(config));
}

// A socket of this process, on a loopback port of the kernel's choice.
class Own {
 public:
  explicit Own(int type) : fd_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_.get(), any, size), 0);
    EXPECT_EQ(type == SOCK_STREAM ? listen(fd_.get(), 1) : 0, 0);
    EXPECT_EQ(getsockname(fd_.get(), any, &size), 0);
    port = ntohs(address.sin_port);
    struct stat seen{};
    EXPECT_EQ(fstat(fd_.get(), &seen), 0);
    inode = seen.st_ino;
    size = sizeof cookie;
    EXPECT_EQ(getsockopt(fd_.get(), SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
  }
  std::uint16_t port = 0;
  std::uint64_t inode = 0, cookie = 0;

 private:
  Fd fd_;
};

TEST(Owners, TheKernelListsOurSockets) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const Own own(type);
    const auto sockets = read_sockets(type == SOCK_STREAM ? listening_sockets : udp_sockets);
    ASSERT_TRUE(sockets) << sockets.error().what;
    const auto found = std::find_if(sockets->begin(), sockets->end(),
                                    [&own](const Socket& socket) { return socket.cookie == own.cookie; });
    ASSERT_NE(found, sockets->end());
    EXPECT_EQ(found->inode, own.inode);
    EXPECT_EQ(found->local_port, own.port);
    EXPECT_EQ(found->proto, type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
    EXPECT_EQ(found->local[0], 127);
    EXPECT_FALSE(found->ipv6);
    const auto holders = read_holders({own.inode});
    ASSERT_TRUE(holders.contains(own.inode));
    EXPECT_EQ(holders.at(own.inode).size(), 1u);
  }
}

TEST(Owners, AUdpPortIsOpenWhileASocketIsBound) {
  std::uint16_t port = 0;
  {
    const Own own(SOCK_DGRAM);
    port = own.port;
    EXPECT_TRUE(udp_port_open(port));
  }
  EXPECT_FALSE(udp_port_open(port));
}

}  // namespace

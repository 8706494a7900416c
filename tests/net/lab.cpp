// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab.hpp"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/netns.hpp"

namespace ebb::test {
namespace {

// Beside this program; asked before any chroot().
const std::string programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();

Fd namespace_fd(const char* path) {
  Fd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) die(std::string("cannot open ") + path);
  return fd;
}

}  // namespace

Lab::Lab() : origin_(namespace_fd("/proc/thread-self/ns/net")) {
  if (const auto entered = enter_private_namespaces(); !entered) {
    errno = 0;
    die(entered.error().what + " (this test needs root)");
  }
  node_ = namespace_fd("/proc/thread-self/ns/net");
  mkdir(folder, 0755);
  run("ip netns add neighbour");
  neighbour_ = namespace_fd("/run/netns/neighbour");
  run("ip -n neighbour link set lo up");
  // A new namespace inherits these from the machine.
  for (const char* key : {"ipv4/conf/all", "ipv4/conf/default", "ipv6/conf/all", "ipv6/conf/default"})
    write_text(std::string("/proc/sys/net/") + key + "/forwarding", "0");
  add_veth();
}

Lab::~Lab() {
  for (const char* where : {"/run/netns/neighbour", "/run/netns", "/run", "/sys/fs/bpf", "/sys"})
    umount2(where, MNT_DETACH);
  setns(origin_.get(), CLONE_NEWNET);
}

void Lab::add_veth() const {
  run("ip link add node0 address 02:00:00:00:00:01 type veth peer name near0 address 02:00:00:00:00:02 "
      "netns neighbour"
      " && ip addr add 192.0.2.1/24 dev node0 && ip addr add 2001:db8::1/64 dev node0 nodad"
      " && ip -n neighbour addr add 192.0.2.2/24 broadcast 192.0.2.255 dev near0"
      " && ip -n neighbour addr add 2001:db8::2/64 dev near0 nodad"
      " && ip link set node0 up && ip -n neighbour link set near0 up");
  // Known neighbours: no packet of a test waits for, or is lost to, address resolution.
  run("ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev node0 nud permanent"
      " && ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev node0 nud permanent"
      " && ip -n neighbour neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev near0 nud permanent"
      " && ip -n neighbour neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev near0 nud permanent");
}

void Lab::delete_veth() const { run("ip link del node0"); }

void Lab::add_tcx_veth() const {
  run("ip -n neighbour link add near1 address 02:00:00:00:00:04 numtxqueues 2 type veth"
      " peer name node1 address 02:00:00:00:00:03 numtxqueues 1 numrxqueues 1 netns " +
      std::to_string(getpid()) +
      " && ip addr add 198.51.100.1/24 dev node1 && ip addr add 2001:db8:1::1/64 dev node1 nodad"
      " && ip -n neighbour addr add 198.51.100.2/24 broadcast 198.51.100.255 dev near1"
      " && ip -n neighbour addr add 2001:db8:1::2/64 dev near1 nodad"
      " && ip link set node1 up && ip -n neighbour link set near1 up"
      " && ip neigh add 198.51.100.2 lladdr 02:00:00:00:00:04 dev node1 nud permanent"
      " && ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:04 dev node1 nud permanent"
      " && ip -n neighbour neigh add 198.51.100.1 lladdr 02:00:00:00:00:03 dev near1 nud permanent"
      " && ip -n neighbour neigh add 2001:db8:1::1 lladdr 02:00:00:00:00:03 dev near1 nud permanent");
}

void Lab::transmit_checksums_off() const {
  in_neighbour([] {
    const Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ethtool_value off{ETHTOOL_STXCSUM, 0};
    ifreq request{};
    std::strncpy(request.ifr_name, neighbour_if, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&off);
    if (ioctl(fd.get(), SIOCETHTOOL, &request)) die("cannot switch the neighbour's transmit checksums off");
  });
}

Lab::Visit::Visit(int there, int back) : back_(back) {
  if (setns(there, CLONE_NEWNET)) die("cannot enter the neighbour's namespace");
}

Lab::Visit::~Visit() {
  if (setns(back_, CLONE_NEWNET)) die("cannot leave the neighbour's namespace");
}

Answer answer_to(const std::string& command) {
  Answer answer;
  FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "re");
  if (!pipe) die("cannot run a shell");
  std::array<char, 4096> piece{};
  while (const std::size_t size = fread(piece.data(), 1, piece.size(), pipe))
    answer.text.append(piece.data(), size);
  const int status = pclose(pipe);
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return answer;
}

std::string run(const std::string& command) {
  Answer answer = answer_to(command);
  if (answer.code) {
    errno = 0;
    die("'" + command + "' answered " + std::to_string(answer.code) + ": " + answer.text);
  }
  return answer.text;
}

void die(const std::string& what) {
  const int number = errno;
  std::fprintf(stderr, "%s%s%s\n", what.c_str(), number ? ": " : "", number ? std::strerror(number) : "");
  std::exit(cannot_judge);
}

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  std::string all = text.str();
  while (!all.empty() && std::isspace(static_cast<unsigned char>(all.back()))) all.pop_back();
  return all;
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  out.flush();
  if (!out) die("cannot write " + path);
}

std::string program(const std::string& name) { return programs + "/" + name; }

std::uint64_t snmp(const std::string& group, const std::string& name) {
  if (group.back() == '6') {
    std::ifstream in("/proc/thread-self/net/snmp6");
    for (std::string key, value; in >> key >> value;)
      if (key == group + name) return std::strtoull(value.c_str(), nullptr, 10);
    die("no counter " + group + name);
  }
  std::ifstream in("/proc/thread-self/net/snmp");
  for (std::string names, values; std::getline(in, names) && std::getline(in, values);) {
    std::istringstream n(names), v(values);
    std::string key, value;
    if (!(n >> key && v >> value) || key != group + ":") continue;
    while (n >> key && v >> value)
      if (key == name) return std::strtoull(value.c_str(), nullptr, 10);
  }
  die("no counter " + group + " " + name);
}

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace ebb::test

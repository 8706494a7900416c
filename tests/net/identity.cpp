// SPDX-License-Identifier: GPL-2.0-or-later
// prove-identity: a port never has a wrong name, and one that a single service owns has the right one.
//
// Service processes in real cgroups open, share, inherit and close real sockets, fork, are killed, restart
// and move. The test ordered every socket, so it knows which cgroup made it. A thread reads the names in the
// data plane all the while, as a packet would. An agent of its own process, with nothing but identity in it,
// gives them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "book.hpp"
#include "dataplane/identity.hpp"
#include "dataplane/pins.hpp"
#include "dataplane/policy.hpp"
#include "play.hpp"
#include "support/netns.hpp"
#include "support/percentile.hpp"

using namespace ebb;
using namespace ebb::test;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

// From the last change to the name: 20 ms debounce, at most 100 ms since the pass before, a pass of some
// milliseconds, and twice that where the pass met an event and had to be made again; a cgroup move by anybody
// starts it anew.
constexpr auto settling = 300ms;
constexpr auto duration = 75s;
constexpr double right_share = 0.99;

constexpr int services = 5, unnamed = 4;  // the last one is in no rule
const std::array<std::string, services> cgroup_names = {"alpha.service", "beta.service", "gamma.service",
                                                        "pool.slice/inner", "delta.service"};
std::string mount_point, base;  // the folder of cgroup v2, and the test's own cgroup below it

std::string folder(int service) {
  return mount_point + base + "/" + cgroup_names[static_cast<std::size_t>(service)];
}

[[noreturn]] void cannot(const Error& error) {
  std::fprintf(stderr, "cannot judge: %s\n", error.what.c_str());
  std::exit(2);
}

Config policy() {  // rule bit = service
  Config config;
  for (int i = 0; i < unnamed; ++i) {
    Rule rule;
    rule.owner = {i == 3 ? Owner{true, base + "/pool.slice"}
                         : Owner{false, cgroup_names[static_cast<std::size_t>(i)]}};
    TrafficClass one;
    one.name = "class" + std::to_string(i);
    one.match = {rule};
    config.classes.push_back(one);
  }
  return config;
}

// The agent, as far as names go. Ends when `parent` is closed.
int agent(int parent) {
  auto maps = Maps::open(pin_folder());
  auto loop = Loop::open();
  if (!maps || !loop) cannot(maps ? loop.error() : maps.error());
  auto identity = Identity::open(*loop, *maps);
  if (!identity) cannot(identity.error());
  const Config config = policy();
  const auto bank = std::make_unique<ebb_bank>();
  if (auto done = compile_policy(config, assign_slots(config, maps->bank()), {}, {}, *bank); !done)
    cannot(done.error());
  (*identity)->fill(config, *bank);
  if (auto done = maps->publish(*bank); !done) cannot(done.error());
  (*identity)->set_policy(config);
  const auto timer = loop->every(1s, [&] { (*identity)->tick(); });
  (void)loop->add(parent, EPOLLIN | EPOLLHUP, [&](std::uint32_t) { loop->stop(); });
  loop->run();
  std::printf("  agent: %lu passes, the longest %.1f ms of CPU time\n", (*identity)->passes(),
              static_cast<double>((*identity)->longest_pass().count()) / 1000);
  std::fflush(stdout);
  return 0;
}

class AgentProcess {
 public:
  AgentProcess() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) std::exit(2);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ends[1]);
      _exit(agent(ends[0]));
    }
    close(ends[0]);
    line_.reset(ends[1]);
  }
  ~AgentProcess() {
    line_.reset();
    int status = 0;
    waitpid(pid_, &status, 0);
    if (status != 0) std::exit(2);
  }

 private:
  pid_t pid_;
  Fd line_;
};

// Accepts connections, which nobody reads, and datagrams for nobody.
std::pair<Fd, std::uint16_t> sink() {
  Fd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (!fd || bind(fd.get(), any, size) || listen(fd.get(), 4096) || getsockname(fd.get(), any, &size))
    std::exit(2);
  return {std::move(fd), ntohs(address.sin6_port)};
}

void make_cgroups() {
  mount_point = "/run/cgroup";
  base = "/ebb-identity-" + std::to_string(getpid());
  if (mkdir(mount_point.c_str(), 0755) || mount("none", mount_point.c_str(), "cgroup2", 0, nullptr))
    cannot({"there is no cgroup v2", {}, 2, 0});
  mkdir((mount_point + base).c_str(), 0755);
  mkdir((mount_point + base + "/pool.slice").c_str(), 0755);
  for (int i = 0; i < services; ++i)
    if (mkdir(folder(i).c_str(), 0755)) cannot({"cannot make " + folder(i), {}, 2, 0});
}

void remove_cgroups() {
  for (int i = 0; i < services; ++i) rmdir(folder(i).c_str());
  rmdir((mount_point + base + "/pool.slice").c_str());
  rmdir((mount_point + base).c_str());
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (auto entered = enter_private_namespaces(); !entered) cannot(entered.error());
  if (auto done = shell("for f in all lo; do echo 0 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done;"
                        "ip addr replace ::1/128 dev lo; echo 4096 > /proc/sys/net/core/somaxconn");
      !done)
    cannot(done.error());
  make_cgroups();
  auto maps = Maps::open(pin_folder());
  if (!maps) cannot(maps.error());
  const auto [sink_fd, sink_port] = sink();

  Book book(maps->live(), unnamed, settling);
  std::vector<std::string> folders;
  for (int i = 0; i < services; ++i) folders.push_back(folder(i));
  Play play(book, folders, sink_port);
  for (int i = 0; i < 30; ++i) play.open();  // older than the agent
  auto agent_process = std::make_unique<AgentProcess>();
  book.agent_restarted();
  std::atomic<bool> over = false;
  std::thread sampler([&] {
    while (!over) {
      book.judge();
      std::this_thread::sleep_for(500us);
    }
  });
  std::this_thread::sleep_for(1s);

  const auto begin = Clock::now();
  constexpr std::array<int, 6> pauses = {0, 3, 25, 60, 150, 600};  // ms
  for (unsigned round = 0; Clock::now() - begin < duration; ++round) {
    for (int i = play.pick(8); i >= 0; --i) play.act();
    std::this_thread::sleep_for(std::chrono::milliseconds(pauses[static_cast<std::size_t>(play.pick(6))]));
    if (round % 100 != 99) continue;
    agent_process.reset();  // and sockets that come while there is none
    for (int i = 0; i < 10; ++i) play.act();
    agent_process = std::make_unique<AgentProcess>();
    book.agent_restarted();
  }
  over = true;
  sampler.join();
  agent_process.reset();
  play.end();
  remove_cgroups();

  const auto delay = [&](double share) { return book.delays.empty() ? 0 : percentile(book.delays, share); };
  const double share = book.settled ? static_cast<double>(book.right) / static_cast<double>(book.settled) : 0;
  const bool enough = book.settled > 10000 && book.shared > 1000;
  std::printf(
      "identity: %s; %lu samples, %lu of shared ports: %lu wrong names; %.2f %% of %lu samples right once "
      "settled "
      "(%lld ms); named after %.0f ms (median), %.0f ms (99 %%)\n",
      play.figures().c_str(), book.samples, book.shared, book.wrong, share * 100, book.settled,
      static_cast<long long>(std::chrono::milliseconds(settling).count()), delay(0.5), delay(0.99));
  if (!enough) return 2;
  return book.wrong == 0 && share >= right_share ? 0 : 1;
}

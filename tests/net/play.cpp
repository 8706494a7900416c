// SPDX-License-Identifier: GPL-2.0-or-later
#include "play.hpp"

#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <set>

namespace ebb::test {
namespace {

constexpr std::uint16_t first_port = 2000, ports = 24;  // that are asked for by number: few, so services meet
constexpr std::size_t most_sockets = 100, most_children = 4;

}  // namespace

Play::Play(Book& book, std::vector<std::string> folders, std::uint16_t sink)
    : book_(book), folders_(std::move(folders)), sink_(sink), services_(folders_.size()) {
  for (int i = 0; i < count(); ++i) start(i);
}

void Play::open() {
  if (book_.sockets.size() > most_sockets) return close();
  Service& service = any();
  const auto way = static_cast<Way>(pick(5));
  const bool binds = way == Way::tcp_listen || way == Way::udp_bind;
  const bool by_number = binds && pick(4) != 0;
  const Wish wish{way, pick(2) == 0, static_cast<std::uint16_t>(by_number ? first_port + pick(ports) : 0),
                  sink_};
  const std::uint8_t proto = way == Way::tcp_listen || way == Way::tcp_connect ? IPPROTO_TCP : IPPROTO_UDP;
  std::set<Port> touched;
  if (by_number) touched.insert({proto, wish.port});
  Book::Change change(book_, touched, !by_number, false);
  const auto opened = service.actor->open(wish);
  if (!opened) return;
  ++opened_;
  const Port port{proto, opened->port};
  change.touch(port);
  const std::lock_guard lock(book_.mutex());
  book_.sockets[++ids_] = {port, service.cgroup, {service.actor->pid()}};
  service.sockets.emplace_back(ids_, opened->fd);
}

void Play::close() {
  Service& service = any();
  if (service.sockets.empty()) return;
  const auto at = service.sockets.begin() + pick(static_cast<int>(service.sockets.size()));
  const Port port = book_.sockets.at(at->first).port;
  const Book::Change change(book_, {port}, false, false);
  service.actor->close(at->second);
  const std::lock_guard lock(book_.mutex());
  auto& holders = book_.sockets.at(at->first).holders;
  holders.erase(service.actor->pid());
  if (holders.empty()) book_.sockets.erase(at->first);
  service.sockets.erase(at);
}

// Killed, like a service that is stopped, and started anew; half the time in a new cgroup of the same name.
void Play::restart() {
  const int index = pick(count());
  stop(index);
  if (pick(2) == 0 && rmdir(folders_.at(static_cast<std::size_t>(index)).c_str()) == 0)
    mkdir(folders_.at(static_cast<std::size_t>(index)).c_str(), 0755);
  start(index);
  ++restarts_;
}

// A child that holds the same sockets: in the same cgroup, or taken to another one.
void Play::fork() {
  if (children_.size() > most_children) return end_child();
  Service& service = any();
  const bool moves = pick(2) == 0;
  const int target = moves ? pick(count()) : service.cgroup;
  const pid_t parent = service.actor->pid();
  const Book::Change change(book_, book_.ports_of(parent), false, moves);
  const pid_t child = service.actor->fork();
  if (child <= 0) return;
  if (moves) move_process(child, folders_.at(static_cast<std::size_t>(target)));
  ++forks_;
  const std::lock_guard lock(book_.mutex());
  for (auto& [id, entry] : book_.sockets)
    if (entry.holders.contains(parent)) entry.holders.insert(child);
  book_.cgroup[child] = target;
  children_.push_back(child);
}

void Play::end_child() {
  if (children_.empty()) return;
  const pid_t child = children_.front();
  children_.erase(children_.begin());
  const Book::Change change(book_, book_.ports_of(child), false, false);
  kill_process(child);
  const std::lock_guard lock(book_.mutex());
  book_.release(child);
}

// Takes its sockets along, and makes its next ones there.
void Play::move() {
  const int index = pick(count());
  Service& service = services_.at(static_cast<std::size_t>(index));
  const int target = pick(count());
  const Book::Change change(book_, book_.ports_of(service.actor->pid()), false, true);
  move_process(service.actor->pid(), folders_.at(static_cast<std::size_t>(target)));
  ++moves_;
  const std::lock_guard lock(book_.mutex());
  service.cgroup = book_.cgroup[service.actor->pid()] = target;
}

void Play::act() {
  const int choice = pick(100);
  if (choice < 50) return open();
  if (choice < 85) return close();
  if (choice < 90) return restart();
  if (choice < 94) return fork();
  if (choice < 97) return end_child();
  move();
}

void Play::start(int index) {
  Service& service = services_.at(static_cast<std::size_t>(index));
  const Book::Change change(book_, {}, false, true);
  service.actor = std::make_unique<Actor>(folders_.at(static_cast<std::size_t>(index)));
  service.cgroup = index;
  const std::lock_guard lock(book_.mutex());
  book_.cgroup[service.actor->pid()] = index;
}

void Play::stop(int index) {
  Service& service = services_.at(static_cast<std::size_t>(index));
  const pid_t pid = service.actor->pid();
  const Book::Change change(book_, book_.ports_of(pid), false, false);
  service.actor->kill();
  const std::lock_guard lock(book_.mutex());
  book_.release(pid);
  service.sockets.clear();
}

void Play::end() {
  while (!children_.empty()) end_child();
  for (int i = 0; i < count(); ++i) stop(i);
}

std::string Play::figures() const {
  return std::to_string(opened_) + " sockets, " + std::to_string(restarts_) + " restarts, " +
         std::to_string(forks_) + " forks, " + std::to_string(moves_) + " moves";
}

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
#include "book.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstdio>

namespace ebb::test {
namespace {

double milliseconds_since(Book::Clock::time_point time) {
  return std::chrono::duration<double, std::milli>(Book::Clock::now() - time).count();
}

}  // namespace

Book::Change::Change(Book& book, std::set<Port> touched, bool any_port, bool moves)
    : book_(book), touched_(std::move(touched)), moves_(moves) {
  const std::lock_guard lock(book_.mutex_);
  book_.busy_ports_ = touched_;
  book_.any_port_ = any_port;
}

Book::Change::~Change() {
  const std::lock_guard lock(book_.mutex_);
  const auto now = Clock::now();
  for (const auto& port : touched_) book_.changed_[port] = now;
  if (moves_) book_.moved_ = now;
  book_.busy_ports_.clear();
  book_.any_port_ = false;
}

void Book::release(pid_t pid) {
  for (auto& [id, entry] : sockets) entry.holders.erase(pid);
  std::erase_if(sockets, [](const auto& each) { return each.second.holders.empty(); });
  cgroup.erase(pid);
}

std::set<Port> Book::ports_of(pid_t pid) const {
  std::set<Port> out;
  for (const auto& [id, entry] : sockets)
    if (entry.holders.contains(pid)) out.insert(entry.port);
  return out;
}

std::map<Port, Book::Truth> Book::truth() const {
  std::map<Port, Truth> out;
  for (const auto& [port, time] : changed_) out[port];
  for (const auto& [id, entry] : sockets) {
    Truth& one = out[entry.port];
    one.makers.insert(entry.maker);
    for (const pid_t pid : entry.holders) one.own_hands = one.own_hands && cgroup.at(pid) == entry.maker;
  }
  return out;
}

// As a packet reads it; -1: no name.
int Book::name_of(Port port) const {
  if (__atomic_load_n(&live_.owners_known, __ATOMIC_ACQUIRE) !=
      __atomic_load_n(&live_.owners_epoch, __ATOMIC_ACQUIRE))
    return -1;
  const auto id = __atomic_load_n(&live_.owner[port.proto == IPPROTO_UDP][port.number], __ATOMIC_ACQUIRE);
  const auto rules = __atomic_load_n(&live_.bank[live_.word & EBB_WORD_BANK].owner[id], __ATOMIC_ACQUIRE);
  return rules == 0 ? -1 : __builtin_ctzll(rules);
}

void Book::judge() {
  const std::lock_guard lock(mutex_);
  for (const auto& [port, one] : truth()) {
    if (busy_ports_.contains(port) || (any_port_ && one.makers.empty())) continue;
    const int name = name_of(port);
    ++samples;
    if (name >= 0 && one.makers != std::set<int>{name} && ++wrong <= 20)
      std::printf(
          "  WRONG: port %u/%s of %zu services, first %d, is said to be of %d, %.1f ms after a change\n",
          port.number, port.proto == IPPROTO_TCP ? "tcp" : "udp", one.makers.size(),
          one.makers.empty() ? -1 : *one.makers.begin(), name, milliseconds_since(changed_[port]));
    if (one.makers.size() > 1) ++shared;
    if (one.makers.size() != 1 || !one.own_hands || *one.makers.begin() == unnamed_) continue;
    const auto since = std::max(changed_[port], moved_);
    if (name >= 0 && named_at_[port] < since) {
      named_at_[port] = Clock::now();
      delays.push_back(milliseconds_since(since));
    }
    if (Clock::now() - since < settling_) continue;
    ++settled;
    if (name >= 0) ++right;
  }
}

}  // namespace ebb::test

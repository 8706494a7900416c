// SPDX-License-Identifier: GPL-2.0-or-later
// Services that open, share, inherit and close sockets, fork, are killed, restart and move, at random.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "actor.hpp"
#include "book.hpp"

namespace ebb::test {

class Play {
 public:
  // Service i lives in folders[i]. Its connections and datagrams go to the port `sink`.
  Play(Book& book, std::vector<std::string> folders, std::uint16_t sink);

  void act();   // one random thing
  void open();  // a socket
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  void end();
  std::string figures() const;

 private:
  struct Service {
    std::unique_ptr<Actor> actor;
    int cgroup = 0;
    std::vector<std::pair<int, int>> sockets;  // id in the book, fd in the actor
  };

  void close();
  void restart();
  void fork();
  void end_child();
  void move();
  void start(int index);
  void stop(int index);
  int count() const { return static_cast<int>(folders_.size()); }
  Service& any() { return services_.at(static_cast<std::size_t>(pick(count()))); }

  Book& book_;
  std::vector<std::string> folders_;
  std::uint16_t sink_;
  std::mt19937 random_{20261122};
  std::vector<Service> services_;
  std::vector<pid_t> children_;
  int ids_ = 0;
  unsigned opened_ = 0, restarts_ = 0, forks_ = 0, moves_ = 0;
};

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// A node and its neighbour: two network namespaces joined by a veth pair.
//
// The calling process becomes the node: its own network namespace, with its own /sys, /sys/fs/bpf and /run.
// Nothing of it is visible outside, and all of it vanishes with the process. Threads started later live there
// too.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/fd.hpp"

namespace ebb::test {

inline constexpr const char* node_if = "node0";       // 02:00:00:00:00:01, the side that Ebb runs on
inline constexpr const char* neighbour_if = "near0";  // 02:00:00:00:00:02
inline constexpr const char* node_ipv4 = "192.0.2.1";
inline constexpr const char* neighbour_ipv4 = "192.0.2.2";
inline constexpr const char* node_ipv6 = "2001:db8::1";
inline constexpr const char* neighbour_ipv6 = "2001:db8::2";

class Lab {
 public:
  Lab();   // needs root; a failure ends the program with a message
  ~Lab();  // the process goes back to where it came from
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  // Runs `action` with the calling thread in the neighbour's network namespace: a socket made there stays
  // there.
  template <typename Action>
  auto in_neighbour(Action action) const {
    const Visit visit(neighbour_.get(), node_.get());
    return action();
  }

  void add_veth() const;  // both ends, addressed and up; done by the constructor
  void delete_veth() const;

  // A second pair, node1 (02:00:00:00:00:03, 198.51.100.1, 2001:db8:1::1) and near1 (...:04, .2, ::2). near1
  // has more send queues than node1 receive queues, so the kernel refuses native XDP there, and Ebb takes
  // tcx.
  void add_tcx_veth() const;

  // Checksums leave the neighbour in the packet, as on a wire; a veth leaves them to a network card that is
  // not there, and then the node compares none.
  void transmit_checksums_off() const;

  static constexpr const char* folder = "/run/test";  // a tmpfs: files of the test

 private:
  struct Visit {
    Visit(int there, int back);
    ~Visit();
    int back_;
  };
  Fd origin_, node_, neighbour_;
};

// What a command of the shell answered.
struct Answer {
  int code = -1;     // exit code; 128 + signal
  std::string text;  // standard output and error
};
Answer answer_to(const std::string& command);
std::string run(const std::string& command);  // ends the program if the command fails

// The test could not be made, which is neither "holds" nor "does not hold": exit code 2.
inline constexpr int cannot_judge = 2;
[[noreturn]] void die(const std::string& what);
std::string read_text(const std::string& path);  // without trailing white space; "" if it cannot be read
void write_text(const std::string& path, const std::string& text);
std::string program(const std::string& name);  // path of a program beside this one

// One counter of /proc/net/snmp ("Udp", "InCsumErrors") or, with the group "Udp6" and the like, of
// /proc/net/snmp6, in the calling thread's network namespace.
std::uint64_t snmp(const std::string& group, const std::string& name);

// Waits for condition() to hold, asking every 2 ms; false if it does not within `ms`.
template <typename Condition>
bool wait_for(int ms, Condition condition);
void sleep_ms(int ms);

template <typename Condition>
bool wait_for(int ms, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    sleep_ms(2);
  }
  return condition();
}

}  // namespace ebb::test

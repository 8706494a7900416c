// SPDX-License-Identifier: GPL-2.0-or-later
// One packet object, loaded with maps of its own, and run over frames by BPF_PROG_TEST_RUN.
#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "support/reference.hpp"

namespace ebb::test {

// Runs the rest of the process on one CPU: TEST_RUN uses the caller's.
void pin_to_cpu(unsigned cpu);

// Adds to `counters` what a frame with this outcome must add.
void count(ebb_counters& counters, const Outcome& outcome, const Bytes& frame);

// What happened between two readings: "slot 3 TRIM 1 packets 60 bytes; reason 5 x1".
std::string difference(const ebb_counters& before, const ebb_counters& after);

// The bank of a policy, with the services of `now` in it.
void compile(const Config& config, const std::vector<std::uint8_t>& slots, const Situation& now,
             ebb_bank& bank);

// State, enforcement, deadline, the interface's flags, and whose addresses and ports are whose.
void write_live(ebb_live& live, const Situation& now, unsigned ifindex);

// Sockets that want what `wanted` says, in the namespace of the caller. Ends the test program where one is
// refused.
std::vector<Fd> open_sockets(const std::vector<LocalSocket>& wanted);

class PacketObject {
 public:
  // `path`: xdp.bpf.o or tc.bpf.o. Its CPU map gets an entry for every possible CPU.
  static Result<PacketObject> load(const std::string& path, bool xdp);
  PacketObject(PacketObject&&) noexcept;
  PacketObject& operator=(PacketObject&&) = delete;
  ~PacketObject();

  bool xdp() const { return xdp_; }
  int program() const { return program_; }
  ebb_live& live() const { return *live_; }

  // Writes the policy into the idle bank, fills the other with noise, and flips. Of `now` it needs what is
  // compiled in: masks, services, the listener to names. Ends the test program when the policy does not
  // compile.
  void install(const Config& config, const std::vector<std::uint8_t>& slots, const Situation& now);
  // The same with a bank from compile().
  void install(const ebb_bank& bank);
  // write_live(), and the limits.
  void apply(const Situation& now, unsigned ifindex);

  struct Ran {
    int error = 0;  // errno of the system call: the kernel refused the frame
    Action action = Action::pass;
    Bytes frame;
  };
  Ran run(const Bytes& frame) const;
  ebb_counters counters() const;  // sum over the CPUs
  ebb_drop last_drop(unsigned cpu) const;

  // Runs the frame once, with each limit used up or not as apply() was told. "" if action, bytes and every
  // counter are as expected, else what differs.
  std::string check(const Bytes& frame, const Outcome& expected);

 private:
  PacketObject() = default;
  void fill_buckets() const;
  struct Closer {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  std::unique_ptr<bpf_object, Closer> object_;
  bool xdp_ = false;
  int program_ = -1, drops_fd_ = -1;
  unsigned rows_ = 1;  // of the counters
  bool above_rate_ = false;
  ebb_live* live_ = nullptr;
  ebb_counters seen_{};  // after the last check() or apply()
};

}  // namespace ebb::test

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

  // Writes the policy into the idle bank, fills the other with noise, and flips. Ends the test program when
  // the policy does not compile.
  void install(const Config& config, const std::vector<std::uint8_t>& slots,
               const std::array<CpuMask, 4>& masks);
  // Sets state, enforcement, deadline and the flags of the interface.
  void apply(const Situation& now, unsigned ifindex) const;

  struct Ran {
    int error = 0;  // errno of the system call: the kernel refused the frame
    Action action = Action::pass;
    Bytes frame;
  };
  Ran run(const Bytes& frame) const;
  ebb_counters counters() const;  // sum over the CPUs

  // Runs the frame once. "" if action, bytes and every counter are as expected, else what differs.
  std::string check(const Bytes& frame, const Outcome& expected);

 private:
  PacketObject() = default;
  struct Closer {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  std::unique_ptr<bpf_object, Closer> object_;
  bool xdp_ = false;
  int program_ = -1, counters_fd_ = -1;
  ebb_live* live_ = nullptr;
  ebb_counters seen_{};  // after the last check()
};

}  // namespace ebb::test

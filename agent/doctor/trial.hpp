// SPDX-License-Identifier: GPL-2.0-or-later
// One program of doctor.bpf.c, loaded without the others.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/result.hpp"

struct bpf_program;
struct doctor_bpf;

namespace ebb::doctor {

class Trial {
 public:
  static Result<Trial> load(const char* program);

  bpf_program* handle() const { return program_; }
  int program() const;
  int ring() const;
  void set_port(std::uint16_t port) const;  // network order
  void set_delay(std::chrono::nanoseconds delay) const;
  std::uint64_t seen() const;

  // Runs it on a frame of zeros.
  Status run() const;

 private:
  struct Destroy {
    void operator()(doctor_bpf* object) const;
  };
  std::unique_ptr<doctor_bpf, Destroy> object_;
  bpf_program* program_ = nullptr;
};

}  // namespace ebb::doctor

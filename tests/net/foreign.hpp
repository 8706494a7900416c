// SPDX-License-Identifier: GPL-2.0-or-later
// A program of somebody else on an interface: foreign_xdp natively, or foreign_tc by tcx. It passes
// everything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.hpp"

struct foreign_bpf;

namespace ebb::test {

class Foreign {
 public:
  Foreign();
  ~Foreign();
  void attach_xdp(const std::string& interface);
  void detach_xdp(const std::string& interface);
  void attach_tcx(const std::string& interface);
  void detach_tcx() { link_.reset(); }  // the link is not pinned: closing it detaches
  void pin(const std::string& path);    // the XDP program
  std::uint32_t xdp_id() const;         // of the program

 private:
  std::unique_ptr<foreign_bpf, void (*)(foreign_bpf*)> object_;
  Fd link_;
};

std::uint32_t xdp_program_on(const std::string& interface);  // id of the native program; 0: none
unsigned tcx_programs_on(const std::string& interface);      // how many

}  // namespace ebb::test

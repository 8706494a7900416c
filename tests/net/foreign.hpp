// SPDX-License-Identifier: GPL-2.0-or-later
// Programs of somebody else on an interface: natively, by tcx, or as filters of a clsact qdisc. They pass
// everything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "foreign.h"

struct foreign_bpf;

namespace ebb::test {

// Where a filter stands: in front of Ebb's and behind it, where it counts; or on the way out.
enum class Place : std::uint8_t { front = FOREIGN_FRONT, behind = FOREIGN_BEHIND, egress };

class Foreign {
 public:
  Foreign();
  ~Foreign();
  void attach_xdp(const std::string& interface);
  void detach_xdp(const std::string& interface);
  void attach_tcx(const std::string& interface);
  void detach_tcx() { link_.reset(); }          // the link is not pinned: closing it detaches
  void fill_tcx(const std::string& interface);  // so that nobody else finds a place there
  void empty_tcx() { fillers_.clear(); }
  void attach_filter(const std::string& interface, Place place);  // a clsact qdisc must be there
  void detach_filter(const std::string& interface, Place place);
  std::uint64_t seen(Place place, std::uint16_t port) const;
  void pin(const std::string& path);  // the XDP program
  std::uint32_t xdp_id() const;       // of the program

 private:
  std::unique_ptr<foreign_bpf, void (*)(foreign_bpf*)> object_;
  Fd link_;
  std::vector<Fd> fillers_;
};

std::uint32_t xdp_program_on(const std::string& interface);  // id of the native program; 0: none
unsigned tcx_programs_on(const std::string& interface);      // how many

}  // namespace ebb::test

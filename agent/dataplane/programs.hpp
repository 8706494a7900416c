// SPDX-License-Identifier: GPL-2.0-or-later
// The BPF objects that the agent carries, loaded against the pinned maps.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/maps.hpp"

struct bpf_object;
struct xdp_bpf;

namespace ebb {

// One opened, not yet loaded xdp object: libxdp loads it when it attaches, as its dispatcher wants.
struct CloseXdp {
  void operator()(xdp_bpf* object) const;
};
using XdpObject = std::unique_ptr<xdp_bpf, CloseXdp>;

Result<XdpObject> open_xdp(const Maps& maps);
bpf_object* object_of(const XdpObject& xdp);

// Loaded programs, for the TC hook and for BPF_PROG_TEST_RUN.
Result<Fd> load_xdp(const Maps& maps);
Result<Fd> load_tc(const Maps& maps,
                   bool raw_ip = false);  // raw_ip: for interfaces without an Ethernet header

// Runs a program once, on a frame of 64 zeros; what it returned.
Result<std::uint32_t> run_by_hand(int program);

// Differs whenever the code of the xdp or tc object does. Never 0.
std::uint64_t code_checksum();

// What the kernel said to a program, with the hint that fits; number is an errno.
tl::unexpected<Error> refused_program(const char* object, int number);

// libbpf and libxdp speak to the debug log only.
void quiet_libraries();

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// ebb_tcx: what bpftool before Linux 6.8 cannot do with tcx, and Debian's is older.
//
//   ebb_tcx attach INTERFACE PROGRAM LINK   a pinned program, behind those that are there; the link is pinned
//   ebb_tcx list INTERFACE                  the ids of the programs, in the order in which they run
#include <net/if.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <bpf/bpf.h>

#include "base/fd.hpp"

namespace {

// BPF_TCX_INGRESS: newer than Debian 12's headers
constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);

int complain(const char* what) {
  std::fprintf(stderr, "ebb_tcx: cannot %s: %s\n", what, std::strerror(errno));
  return 1;
}

int attach(int ifindex, const char* program, const char* pin) {
  const ebb::Fd fd(bpf_obj_get(program));
  if (!fd) return complain("open the program");
  const ebb::Fd link(bpf_link_create(fd.get(), ifindex, tcx_ingress, nullptr));
  if (!link) return complain("attach");
  return bpf_obj_pin(link.get(), pin) ? complain("pin the link") : 0;
}

int list(int ifindex) {
  std::array<std::uint32_t, 64> ids{};  // the kernel has 63 places
  auto count = static_cast<std::uint32_t>(ids.size());
  // libbpf 1.1 calls it target_fd; the kernel takes the interface index there for tcx.
  if (bpf_prog_query(ifindex, tcx_ingress, 0, nullptr, ids.data(), &count)) return complain("list");
  for (std::uint32_t i = 0; i < count; ++i) std::printf("%u\n", ids[i]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  const auto ifindex = static_cast<int>(argc > 2 ? if_nametoindex(argv[2]) : 0);
  if (ifindex && verb == "attach" && argc == 5) return attach(ifindex, argv[3], argv[4]);
  if (ifindex && verb == "list" && argc == 3) return list(ifindex);
  std::fputs("usage: ebb_tcx attach INTERFACE PROGRAM LINK | list INTERFACE\n", stderr);
  return 2;
}

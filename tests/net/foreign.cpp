// SPDX-License-Identifier: GPL-2.0-or-later
#include "foreign.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <cerrno>

#include "foreign.skel.h"
#include "lab.hpp"

namespace ebb::test {
namespace {

constexpr auto tcx_ingress =
    static_cast<bpf_attach_type>(46);  // BPF_TCX_INGRESS: newer than Debian 12's headers

int index_of(const std::string& interface) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (!index) die("no interface " + interface);
  return static_cast<int>(index);
}

}  // namespace

Foreign::Foreign() : object_(foreign_bpf__open_and_load(), foreign_bpf__destroy) {
  if (!object_) die("cannot load foreign.bpf.c");
}

Foreign::~Foreign() = default;

void Foreign::attach_xdp(const std::string& interface) {
  const int error = bpf_xdp_attach(index_of(interface), bpf_program__fd(object_->progs.foreign_xdp),
                                   XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, nullptr);
  errno = -error;
  if (error) die("cannot attach an XDP program to " + interface);
}

void Foreign::detach_xdp(const std::string& interface) {
  const int error = bpf_xdp_detach(index_of(interface), XDP_FLAGS_DRV_MODE, nullptr);
  errno = -error;
  if (error) die("cannot detach the XDP program of " + interface);
}

void Foreign::attach_tcx(const std::string& interface) {
  link_.reset(
      bpf_link_create(bpf_program__fd(object_->progs.foreign_tc), index_of(interface), tcx_ingress, nullptr));
  if (!link_) die("cannot attach a tcx program to " + interface);
}

void Foreign::pin(const std::string& path) {
  if (bpf_obj_pin(bpf_program__fd(object_->progs.foreign_xdp), path.c_str())) die("cannot pin " + path);
}

std::uint32_t Foreign::xdp_id() const {
  bpf_prog_info info{};
  std::uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(bpf_program__fd(object_->progs.foreign_xdp), &info, &size))
    die("no program info");
  return info.id;
}

std::uint32_t xdp_program_on(const std::string& interface) {
  std::uint32_t id = 0;
  if (bpf_xdp_query_id(index_of(interface), XDP_FLAGS_DRV_MODE, &id))
    die("cannot ask for the program of " + interface);
  return id;
}

unsigned tcx_programs_on(const std::string& interface) {
  std::uint32_t count = 0;
  // libbpf 1.1 calls it target_fd; the kernel takes the interface index there for tcx.
  if (bpf_prog_query(index_of(interface), tcx_ingress, 0, nullptr, nullptr, &count))
    die("cannot ask for the tcx programs of " + interface);
  return count;
}

}  // namespace ebb::test

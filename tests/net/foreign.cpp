// SPDX-License-Identifier: GPL-2.0-or-later
#include "foreign.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <cerrno>
#include <utility>

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

bpf_tc_hook hook_of(const std::string& interface, Place place) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = index_of(interface);
  hook.attach_point = place == Place::egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
  return hook;
}

bpf_tc_opts filter_at(Place place) {
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = 1;
  options.priority = place == Place::behind ? 50000 : 1;
  return options;
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

// The kernel takes 63, each program once.
void Foreign::fill_tcx(const std::string& interface) {
  const bpf_insn pass[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -1},
                           {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  for (;;) {
    const Fd program(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "filler", "GPL", pass, 2, nullptr));
    Fd link(bpf_link_create(program.get(), index_of(interface), tcx_ingress, nullptr));
    if (!link && errno == ERANGE) return;
    if (!link) die("cannot fill the tcx hook of " + interface);
    fillers_.push_back(std::move(link));
  }
}

void Foreign::attach_filter(const std::string& interface, Place place) {
  const auto hook = hook_of(interface, place);
  auto options = filter_at(place);
  options.prog_fd = bpf_program__fd(place == Place::front    ? object_->progs.foreign_front
                                    : place == Place::behind ? object_->progs.foreign_behind
                                                             : object_->progs.foreign_tc);
  const int error = bpf_tc_attach(&hook, &options);
  errno = -error;
  if (error) die("cannot attach a filter to " + interface);
}

void Foreign::detach_filter(const std::string& interface, Place place) {
  const auto hook = hook_of(interface, place);
  const auto options = filter_at(place);
  const int error = bpf_tc_detach(&hook, &options);
  errno = -error;
  if (error) die("cannot detach a filter from " + interface);
}

std::uint64_t Foreign::seen(Place place, std::uint16_t port) const {
  return object_->bss->foreign_seen[static_cast<int>(place)][port - FOREIGN_FIRST_PORT];
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

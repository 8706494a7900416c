// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/xdp.hpp"

#include <cerrno>
#include <memory>

#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

namespace ebb {
namespace {

struct Close {
  void operator()(xdp_multiprog* all) const { xdp_multiprog__close(all); }
  void operator()(xdp_program* one) const { xdp_program__close(one); }
};
using Multiprog = std::unique_ptr<xdp_multiprog, Close>;
using Program = std::unique_ptr<xdp_program, Close>;

constexpr const char* program_name = "ebb_xdp";
constexpr const char* live_map_name = "ebb_live";

// In the dispatcher, behind those that choose (xdp-filter: 10) and those that do not (50): they see every
// packet, also those that Ebb drops or moves to another CPU.
constexpr unsigned run_priority = 0xebb;

// Nothing attached: an empty pointer.
Result<Multiprog> programs_on(int ifindex) {
  auto* all = xdp_multiprog__get_from_ifindex(ifindex);
  if (const long error = libxdp_get_error(all)) {
    if (error == -ENOENT) return Multiprog{};
    return fail_errno("cannot ask for the XDP programs of an interface", static_cast<int>(-error));
  }
  return Multiprog(all);
}

Result<std::uint32_t> id_of(int program_fd) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0)
    return fail_errno("cannot read a BPF program", errno);
  return info.id;
}

bool reads_live_map(int program_fd) {
  std::uint32_t ids[16] = {};
  bpf_prog_info info{};
  info.nr_map_ids = 16;
  info.map_ids = reinterpret_cast<std::uintptr_t>(ids);
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0) return false;
  for (std::uint32_t i = 0; i < info.nr_map_ids && i < 16; ++i) {
    const Fd map(bpf_map_get_fd_by_id(ids[i]));
    bpf_map_info map_info{};
    size = sizeof map_info;
    if (map && bpf_obj_get_info_by_fd(map.get(), &map_info, &size) == 0 &&
        map_info.name == std::string(live_map_name))
      return true;
  }
  return false;
}

XdpProgram describe(const xdp_program* program) {
  XdpProgram out;
  out.id = xdp_program__id(program);
  const char* name = xdp_program__name(program);
  out.name = name ? name : "";
  out.ours = out.name == program_name && reads_live_map(xdp_program__fd(program));
  return out;
}

// Without libxdp's dispatcher, so only where no other program is.
Result<std::uint32_t> attach_alone(const Maps& maps, int ifindex) {
  const auto program = load_xdp(maps);
  if (!program) return tl::unexpected(program.error());
  const auto flags = XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST;
  if (const int error = bpf_xdp_attach(ifindex, program->get(), flags, nullptr))
    return fail_errno("no native XDP", -error);
  return id_of(program->get());
}

}  // namespace

const XdpProgram* XdpInterface::own() const {
  for (const auto& program : programs)
    if (program.ours) return &program;
  return nullptr;
}

Result<XdpInterface> query_xdp(int ifindex) {
  auto all = programs_on(ifindex);
  if (!all) return tl::unexpected(all.error());
  XdpInterface out;
  if (!*all) return out;
  out.runs = xdp_program__id(xdp_multiprog__main_prog(all->get()));
  if (xdp_multiprog__is_legacy(all->get())) {
    out.programs.push_back(describe(xdp_multiprog__main_prog(all->get())));
    return out;
  }
  out.dispatcher = true;
  for (xdp_program* one = nullptr; (one = xdp_multiprog__next_prog(one, all->get()));)
    out.programs.push_back(describe(one));
  return out;
}

Result<std::uint32_t> running_xdp(int ifindex) {
  std::uint32_t id = 0;
  if (const int error = bpf_xdp_query_id(ifindex, XDP_FLAGS_DRV_MODE, &id))
    return fail_errno("cannot ask for the XDP program of an interface", -error);
  return id;
}

Result<std::uint32_t> attach_xdp(const Maps& maps, int ifindex) {
  auto object = open_xdp(maps);
  if (!object) return tl::unexpected(object.error());
  auto* raw = xdp_program__from_bpf_obj(object_of(*object), "xdp");
  if (const long error = libxdp_get_error(raw)) return fail_errno("libxdp", static_cast<int>(-error));
  const Program program(raw);
  xdp_program__set_run_prio(raw, run_priority);
  const int error = xdp_program__attach(raw, ifindex, XDP_MODE_NATIVE, 0);
  if (!error) return xdp_program__id(raw);
  // EINVAL: kernels from 6.13 on, and 6.12 as Debian updates it, let no program that changes packets behind
  // the dispatcher of libxdp before 1.5; 5.10 lets none behind it whose functions take the context. ENOENT:
  // libxdp's dispatcher is not installed.
  if (error == -EINVAL || error == -ENOENT)
    if (auto alone = attach_alone(maps, ifindex)) return alone;
  return fail_errno("no native XDP", -error);
}

Result<std::uint32_t> replace_xdp(const Maps& maps, int ifindex) {
  auto all = programs_on(ifindex);
  if (!all) return tl::unexpected(all.error());
  if (*all && xdp_multiprog__is_legacy(all->get())) {
    // libxdp would detach first
    auto fresh = load_xdp(maps);
    if (!fresh) return tl::unexpected(fresh.error());
    bpf_xdp_attach_opts options{};
    options.sz = sizeof options;
    options.old_prog_fd = xdp_program__fd(xdp_multiprog__main_prog(all->get()));
    if (const int error = bpf_xdp_attach(ifindex, fresh->get(), XDP_FLAGS_DRV_MODE, &options))
      return fail_errno("cannot replace the XDP program", -error);
    return id_of(fresh->get());
  }
  std::vector<xdp_program*> old;
  for (xdp_program* one = nullptr; *all && (one = xdp_multiprog__next_prog(one, all->get()));)
    if (describe(one).ours) old.push_back(one);
  auto fresh = attach_xdp(maps, ifindex);
  for (auto* one : old)
    if (const int error = fresh ? xdp_program__detach(one, ifindex, XDP_MODE_NATIVE, 0) : 0)
      return fail_errno("cannot detach the XDP program of before", -error);
  return fresh;
}

Status detach_xdp(int ifindex) {
  auto all = programs_on(ifindex);
  if (!all) return tl::unexpected(all.error());
  if (!*all) return {};
  const auto detach = [&](xdp_program* one) -> Status {
    if (!describe(one).ours) return {};
    if (const int error = xdp_program__detach(one, ifindex, xdp_multiprog__attach_mode(all->get()), 0))
      return fail_errno("cannot detach the XDP program", -error);
    return {};
  };
  if (xdp_multiprog__is_legacy(all->get())) return detach(xdp_multiprog__main_prog(all->get()));
  for (xdp_program* one = nullptr; (one = xdp_multiprog__next_prog(one, all->get()));)
    if (auto done = detach(one); !done) return done;
  return {};
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/tcx.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <bpf/bpf.h>

#include "dataplane/pins.hpp"

namespace ebb {
namespace {

// linux/bpf.h of Linux 6.6; Debian 12 has that of 6.1. Can go with Debian 12.
constexpr std::uint32_t tcx_ingress = 46;    // BPF_TCX_INGRESS
constexpr std::uint32_t link_type_tcx = 11;  // BPF_LINK_TYPE_TCX

struct LinkInfo {  // the begin of struct bpf_link_info, with the tcx member
  std::uint32_t type, id, program_id, pad;
  std::uint32_t ifindex, attach_type;
  std::array<std::uint32_t, 26> rest;
};

Result<LinkInfo> link_info(int fd) {
  LinkInfo info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return fail_errno("cannot read a BPF link", errno);
  return info;
}

}  // namespace

Result<std::uint32_t> query_tcx(const std::string& pin, int ifindex) {
  auto link = open_pin(pin);
  if (!link) return tl::unexpected(link.error());
  auto info = link_info(link->get());
  if (!info) return tl::unexpected(info.error());
  // A link whose interface is gone has ifindex 0; another interface may have its number by now.
  if (info->type != link_type_tcx || info->ifindex != static_cast<std::uint32_t>(ifindex))
    return fail_errno(pin, ENOENT);
  return info->program_id;
}

Result<std::uint32_t> attach_tcx(int program_fd, int ifindex, const std::string& pin) {
  struct {  // union bpf_attr of BPF_LINK_CREATE
    std::uint32_t program_fd, target_ifindex, attach_type, flags, relative_fd, pad;
    std::uint64_t expected_revision;
  } attr{};
  attr.program_fd = static_cast<std::uint32_t>(program_fd);
  attr.target_ifindex = static_cast<std::uint32_t>(ifindex);
  attr.attach_type = tcx_ingress;
  const Fd link(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr)));
  if (!link && errno == EINVAL) return fail("this kernel has none");
  if (!link && errno == ERANGE) return fail("others have taken all its places");
  if (!link) return fail_errno("no tcx", errno);
  unlink(pin.c_str());  // of an interface that is gone
  if (bpf_obj_pin(link.get(), pin.c_str()) != 0) return fail_errno("cannot pin " + pin, errno);
  auto info = link_info(link.get());
  if (!info) return tl::unexpected(info.error());
  return info->program_id;
}

Result<std::uint32_t> replace_tcx(int program_fd, const std::string& pin) {
  auto link = open_pin(pin);
  if (!link) return tl::unexpected(link.error());
  if (bpf_link_update(link->get(), program_fd, nullptr) != 0)
    return fail_errno("cannot replace the program of " + pin, errno);
  auto info = link_info(link->get());
  if (!info) return tl::unexpected(info.error());
  return info->program_id;
}

}  // namespace ebb

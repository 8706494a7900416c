// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/programs.hpp"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <spdlog/spdlog.h>
#include <xdp/libxdp.h>

#include "tc.skel.h"
#include "xdp.skel.h"

namespace ebb {
namespace {

void debug(const char* format, va_list arguments) {
  char text[1024];
  std::vsnprintf(text, sizeof text, format, arguments);
  text[std::strcspn(text, "\n")] = '\0';
  if (text[0]) spdlog::debug("{}", text);
}

int print_libbpf(libbpf_print_level, const char* format, va_list arguments) {
  debug(format, arguments);
  return 0;
}

int print_libxdp(libxdp_print_level, const char* format, va_list arguments) {
  debug(format, arguments);
  return 0;
}

// What the packet objects have in common, for one that is open and not yet loaded.
template <class Skeleton>
Status share_maps(Skeleton& object, const Maps& maps) {
  if (auto shared = maps.share_live(object.maps.bss); !shared) return shared;
  object.rodata->cfg_cpu_mask = maps.cpu_mask();
  bpf_map__reuse_fd(object.maps.ebb_drops, maps.drops_fd());
  bpf_map__reuse_fd(object.maps.ebb_events, maps.events_fd());
  bpf_map__reuse_fd(object.maps.ebb_sockets, maps.sockets_fd());
  return {};
}

}  // namespace

void quiet_libraries() {
  libbpf_set_print(print_libbpf);
  libxdp_set_print(print_libxdp);
}

tl::unexpected<Error> refused_program(const char* object, int number) {
  auto error = fail_errno(std::string("the kernel refused the BPF object ") + object, number);
  switch (number) {
    case EPERM:
      error.value().hint = "run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";
      return error;
    case EACCES:  // the verifier's word
      error.value().hint =
          "this kernel's verifier does not take it: please report `agentctl doctor` and `uname -r`";
      break;
    default:
      error.value().hint = "Ebb needs Linux 5.10 or newer with CONFIG_BPF_SYSCALL and CONFIG_BPF_JIT";
  }
  error.value().exit_code = exit_usage;
  return error;
}

void CloseXdp::operator()(xdp_bpf* object) const { xdp_bpf::destroy(object); }

Result<XdpObject> open_xdp(const Maps& maps) {
  XdpObject xdp(xdp_bpf::open());
  if (!xdp) return fail_errno("cannot open the BPF object xdp", errno);
  if (auto shared = share_maps(*xdp, maps); !shared) return tl::unexpected(shared.error());
  bpf_map__reuse_fd(xdp->maps.ebb_cpumap, maps.cpumap_fd());
  return xdp;
}

bpf_object* object_of(const XdpObject& xdp) { return xdp->obj; }

Result<Fd> load_xdp(const Maps& maps) {
  auto xdp = open_xdp(maps);
  if (!xdp) return tl::unexpected(xdp.error());
  if (const int error = xdp_bpf::load(xdp->get())) return refused_program("xdp", -error);
  return Fd(dup(bpf_program__fd((*xdp)->progs.ebb_xdp)));
}

Result<Fd> load_tc(const Maps& maps, bool raw_ip) {
  const std::unique_ptr<tc_bpf, decltype(&tc_bpf::destroy)> tc(tc_bpf::open(), &tc_bpf::destroy);
  if (!tc) return fail_errno("cannot open the BPF object tc", errno);
  if (auto shared = share_maps(*tc, maps); !shared) return tl::unexpected(shared.error());
  const auto* wanted = raw_ip ? tc->progs.ebb_tc_ingress_ip : tc->progs.ebb_tc_ingress;
  for (auto* program : {tc->progs.ebb_tc_ingress, tc->progs.ebb_tc_ingress_ip})
    bpf_program__set_autoload(program, program == wanted);
  if (const int error = tc_bpf::load(tc.get())) return refused_program("tc", -error);
  return Fd(dup(bpf_program__fd(wanted)));
}

Result<std::uint32_t> run_by_hand(int program) {
  std::array<char, 64> frame{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = frame.data();
  options.data_size_in = frame.size();
  options.repeat = 1;
  if (bpf_prog_test_run_opts(program, &options) != 0)
    return fail_errno("cannot run a program by hand", errno);
  return options.retval;
}

std::uint64_t code_checksum() {
  const auto crc = [](const void* bytes, std::size_t size) {
    return crc32(0, static_cast<const Bytef*>(bytes), static_cast<uInt>(size));
  };
  std::size_t xdp_size = 0;
  std::size_t tc_size = 0;
  const void* xdp = xdp_bpf::elf_bytes(&xdp_size);
  const void* tc = tc_bpf::elf_bytes(&tc_size);
  return (std::uint64_t{crc(xdp, xdp_size)} << 32 | crc(tc, tc_size)) | 1;
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/hooks.hpp"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/file.hpp"
#include "base/log.hpp"
#include "dataplane/pins.hpp"
#include "dataplane/programs.hpp"
#include "dataplane/tcx.hpp"
#include "dataplane/xdp.hpp"

namespace ebb {
namespace {

constexpr const char* tcx_prefix = "tcx-";

std::string tcx_pin(int ifindex) { return pin_folder() + "/" + tcx_prefix + std::to_string(ifindex); }

std::vector<std::pair<int, std::string>> all_interfaces() {
  std::vector<std::pair<int, std::string>> all;
  struct if_nameindex* list = if_nameindex();
  for (auto* one = list; one && one->if_index != 0; ++one)
    all.emplace_back(static_cast<int>(one->if_index), one->if_name);
  if (list) if_freenameindex(list);
  return all;
}

// Whether there was a program of ours.
bool detach_own_xdp(int ifindex, const std::string& name) {
  const auto programs = query_xdp(ifindex);
  if (!programs || !programs->own()) return false;
  auto detached = detach_xdp(ifindex);
  if (!detached) log_error({name + ": " + detached.error().what, detached.error().hint});
  return detached.has_value();
}

std::string because(const Error& error) { return error.number ? std::strerror(error.number) : error.what; }

}  // namespace

Hooks::Hooks(const Maps& maps) : maps_(maps), same_code_(maps.live().code == code_checksum()) {
  if (!same_code_) maps.live().code = 0;  // until settle(): what is attached is of mixed origin
}

void Hooks::settle() {
  maps_.live().code = code_checksum();
  same_code_ = true;
}

// Fills `reason`, with success or without.
Result<std::uint32_t> Hooks::attach_native(int ifindex, std::string& reason) {
  auto before = query_xdp(ifindex);
  if (!before) {
    reason = before.error().what;
    return tl::unexpected(before.error());
  }
  if (const auto* own = before->own()) {
    reason = "native XDP in the driver; program of an earlier agent adopted";
    return same_code_ ? Result<std::uint32_t>(own->id) : replace_xdp(maps_, ifindex);
  } else if (!before->programs.empty() && !before->dispatcher) {
    const auto& other = before->programs.front();
    reason = "XDP is held by '" + other.name + "' (id " + std::to_string(other.id) + ")";
    return fail_errno(reason, EBUSY);
  }
  auto id = attach_xdp(maps_, ifindex);
  reason = id ? "native XDP in the driver" : "no native XDP: " + because(id.error());
  if (auto after = query_xdp(ifindex); id && after && after->dispatcher)
    reason += ", behind libxdp's dispatcher";
  return id;
}

Result<std::uint32_t> Hooks::attach_tc(int ifindex, bool raw_ip) {
  const auto pin = tcx_pin(ifindex);
  const auto earlier = query_tcx(pin, ifindex);
  if (earlier && same_code_) return earlier;
  auto& program = tc_[raw_ip];
  if (!program) {
    auto loaded = load_tc(maps_, raw_ip);
    if (!loaded) return tl::unexpected(loaded.error());
    program = std::move(*loaded);
  }
  return earlier ? replace_tcx(program.get(), pin) : attach_tcx(program.get(), ifindex, pin);
}

Attachment Hooks::attach(const Link& link, const std::string& no_xdp) {
  Attachment out;
  const auto type = link_type(link.hardware);
  if (type == LinkType::other) {
    out.reason = "unknown kind of frames (link type " + std::to_string(link.hardware) + ")";
    log_warning({"no hook on " + link.name + ": " + out.reason, "traffic on it is left alone"});
    return out;
  }
  out.reason = no_xdp;
  if (no_xdp.empty()) {
    if (auto native = attach_native(link.ifindex, out.reason)) {
      out.hook = Hook::xdp_native;
      out.program_id = *native;
      unlink(tcx_pin(link.ifindex)
                 .c_str());  // a rung of before, when XDP was not for it or held by somebody else
      return out;
    }
  }
  auto tc = attach_tc(link.ifindex, type == LinkType::ip);
  if (tc) {
    out.hook = Hook::tcx;
    out.program_id = *tc;
    detach_own_xdp(link.ifindex, link.name);  // a rung of before
    return out;
  }
  out.reason += "; no tcx: " + because(tc.error());
  log_warning(
      {"no hook on " + link.name + ": " + out.reason, "traffic on it is left alone; tcx needs Linux 6.6"});
  return out;
}

void Hooks::detach(Hook hook, int ifindex) {
  if (hook == Hook::xdp_native) {
    if (auto done = detach_xdp(ifindex); !done && done.error().number != ENODEV) log_warning(done.error());
  } else if (hook == Hook::tcx) {
    unlink(tcx_pin(ifindex).c_str());
  }
}

void Hooks::detach_others(const std::vector<int>& ifindexes) {
  const auto wanted = [&](int ifindex) {
    return std::find(ifindexes.begin(), ifindexes.end(), ifindex) != ifindexes.end();
  };
  for (const auto& [ifindex, name] : all_interfaces())
    if (!wanted(ifindex)) detach_own_xdp(ifindex, name);
  std::error_code error;
  for (const auto& pin : std::filesystem::directory_iterator(pin_folder(), error)) {
    const std::string name = pin.path().filename();
    if (!name.starts_with(tcx_prefix)) continue;
    const auto ifindex = parse_number(name.substr(std::strlen(tcx_prefix)));
    if (!ifindex || !wanted(static_cast<int>(*ifindex))) unlink(pin.path().c_str());
  }
}

std::vector<std::string> remove_dataplane() {
  std::vector<std::string> done;
  for (const auto& [ifindex, name] : all_interfaces())
    if (detach_own_xdp(ifindex, name)) done.push_back("detached ebb_xdp from " + name);
  for (const auto& folder : all_pin_folders())
    for (auto& text : remove_pins(folder)) done.push_back(std::move(text));
  return done;
}

}  // namespace ebb

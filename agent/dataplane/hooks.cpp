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
#include "dataplane/clsact.hpp"
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

// Whether there was a filter of ours.
bool detach_own_clsact(int ifindex, const std::string& name) {
  auto detached = detach_clsact(ifindex);
  if (!detached) log_error({name + ": " + detached.error().what, detached.error().hint});
  return detached.value_or(false);
}

std::string because(const Error& error) { return error.number ? std::strerror(error.number) : error.what; }

std::string held_by(const XdpProgram& other) {
  return "XDP is held by '" + other.name + "' (id " + std::to_string(other.id) + ")";
}

// A dispatcher is another program whenever somebody comes to it or leaves it. What is lost stays so until it is attached
// again, whoever asks.
bool lost_xdp(std::uint32_t& runs, int ifindex) {
  const auto now = running_xdp(ifindex);
  if (!now || *now == runs) return false;
  const auto programs = query_xdp(ifindex);
  if (!programs) return false;
  if (!programs->own()) return true;
  runs = programs->runs;
  return false;
}

}  // namespace

Hooks::Hooks(const Maps& maps) : maps_(maps), same_code_(maps.live().code == code_checksum()) {
  if (!same_code_) maps.live().code = 0;  // until settle(): what is attached is of mixed origin
}

void Hooks::settle() {
  maps_.live().code = code_checksum();
  same_code_ = true;
}

// Fills `out.reason`, with success or without.
Status Hooks::attach_native(int ifindex, Attachment& out) {
  const auto before = query_xdp(ifindex);
  if (!before) {
    out.reason = before.error().what;
    return tl::unexpected(before.error());
  }
  const auto* own = before->own();
  const auto* other = own || before->programs.empty() ? nullptr : &before->programs.front();
  if (other && !before->dispatcher) {
    out.reason = held_by(*other);
    return fail_errno(out.reason, EBUSY);
  }
  const auto id = !own         ? attach_xdp(maps_, ifindex)
                  : same_code_ ? Result<std::uint32_t>(own->id)
                               : replace_xdp(maps_, ifindex);
  if (!id) {
    out.reason = (other ? held_by(*other) + ", and libxdp's dispatcher does not take Ebb's here: "
                        : "no native XDP: ") +
                 because(id.error());
    return tl::unexpected(id.error());
  }
  out.hook = Hook::xdp_native;
  out.program_id = *id;
  out.reason = "native XDP in the driver";
  if (own) out.reason += "; program of an earlier agent adopted";
  if (const auto after = query_xdp(ifindex)) {
    out.runs = after->runs;
    if (after->dispatcher) out.reason += ", behind libxdp's dispatcher";
  }
  return {};
}

Result<int> Hooks::tc_program(bool raw_ip) {
  auto& program = tc_[raw_ip];
  if (!program) {
    auto loaded = load_tc(maps_, raw_ip);
    if (!loaded) return tl::unexpected(loaded.error());
    program = std::move(*loaded);
  }
  return program.get();
}

Result<std::uint32_t> Hooks::attach_to_tcx(int ifindex, bool raw_ip) {
  const auto pin = tcx_pin(ifindex);
  const auto earlier = query_tcx(pin, ifindex);
  if (earlier && same_code_) return earlier;
  const auto program = tc_program(raw_ip);
  if (!program) return tl::unexpected(program.error());
  return earlier ? replace_tcx(*program, pin) : attach_tcx(*program, ifindex, pin);
}

Result<std::uint32_t> Hooks::attach_to_clsact(int ifindex, bool raw_ip) {
  if (const auto earlier = query_clsact(ifindex); earlier && same_code_) return earlier;
  const auto program = tc_program(raw_ip);
  if (!program) return tl::unexpected(program.error());
  return attach_clsact(*program, ifindex);
}

// Whatever the rungs of before held leaves once the new one works.
Attachment Hooks::attach_tc(const Link& link, const std::string& no_xdp) {
  const bool raw_ip = link_type(link.hardware) == LinkType::ip;
  Attachment out{Hook::none, no_xdp};
  auto id = attach_to_tcx(link.ifindex, raw_ip);
  if (id) {
    out.hook = Hook::tcx;
    detach_own_clsact(link.ifindex, link.name);
  } else {
    out.reason += "; no tcx: " + because(id.error());
    id = attach_to_clsact(link.ifindex, raw_ip);
    if (!id) {
      out.reason += "; no clsact: " + because(id.error());
      return out;
    }
    out.hook = Hook::clsact;
    unlink(tcx_pin(link.ifindex).c_str());
  }
  out.program_id = *id;
  detach_own_xdp(link.ifindex, link.name);
  return out;
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
    if (attach_native(link.ifindex, out)) {
      // a rung of before, when XDP was not for it or held by somebody else
      unlink(tcx_pin(link.ifindex).c_str());
      detach_own_clsact(link.ifindex, link.name);
      return out;
    }
  }
  out = attach_tc(link, out.reason);
  if (out.hook == Hook::none)
    log_warning({"no hook on " + link.name + ": " + out.reason,
                 "traffic on it is left alone; clsact needs CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF"});
  return out;
}

bool Hooks::lost(Attachment& attachment, int ifindex) {
  if (attachment.hook == Hook::none) return false;
  if (attachment.hook == Hook::xdp_native) return lost_xdp(attachment.runs, ifindex);
  const auto there =
      attachment.hook == Hook::tcx ? query_tcx(tcx_pin(ifindex), ifindex) : query_clsact(ifindex);
  return !there && there.error().number == ENOENT;
}

void Hooks::detach(Hook hook, int ifindex) {
  if (hook == Hook::xdp_native) {
    if (auto done = detach_xdp(ifindex); !done && done.error().number != ENODEV) log_warning(done.error());
  } else if (hook == Hook::tcx) {
    unlink(tcx_pin(ifindex).c_str());
  } else if (hook == Hook::clsact) {
    if (auto done = detach_clsact(ifindex); !done) log_warning(done.error());
  }
}

void Hooks::detach_others(const std::vector<int>& ifindexes) {
  const auto wanted = [&](int ifindex) {
    return std::find(ifindexes.begin(), ifindexes.end(), ifindex) != ifindexes.end();
  };
  for (const auto& [ifindex, name] : all_interfaces())
    if (!wanted(ifindex)) {
      detach_own_xdp(ifindex, name);
      detach_own_clsact(ifindex, name);
    }
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
  for (const auto& [ifindex, name] : all_interfaces()) {
    if (detach_own_xdp(ifindex, name)) done.push_back("detached ebb_xdp from " + name);
    if (detach_own_clsact(ifindex, name)) done.push_back("removed the clsact filter from " + name);
  }
  for (const auto& folder : all_pin_folders())
    for (auto& text : remove_pins(folder)) done.push_back(std::move(text));
  return done;
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/interfaces.hpp"

#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "sense/terminal.hpp"

namespace ebb {
namespace {

// The interfaces that there are, for the hint of a missing one.
std::string interfaces_here() {
  std::string names;
  struct if_nameindex* list = if_nameindex();
  for (auto* one = list; one && one->if_index != 0; ++one)
    names += (names.empty() ? "" : ", ") + std::string(one->if_name);
  if (list) if_freenameindex(list);
  return names;
}

// veth, tun, ...: the sender may have left the checksum to a card that is not there. The kernel knows, but an
// XDP redirect to another CPU forgets it, and the stack then refuses the packet (seen on veth, Linux 6.18).
bool is_virtual(const std::string& name) {
  return access(("/sys/class/net/" + name + "/device").c_str(), F_OK) != 0;
}

}  // namespace

void Interfaces::configure(const std::vector<std::string>& names) {
  std::vector<Interface> wanted;
  for (const auto& name : names) {
    const auto known =
        std::find_if(all_.begin(), all_.end(), [&](const Interface& one) { return one.name == name; });
    if (known != all_.end()) {
      wanted.push_back(*known);
      all_.erase(known);
    } else {
      wanted.push_back({.name = name,
                        .ifindex = 0,
                        .attachment = {},
                        .forwards = "",
                        .rps = false,
                        .steers = false,
                        .announced = false});
    }
  }
  for (auto& dropped : all_) release(dropped);
  all_ = std::move(wanted);
  std::vector<int> present;
  for (const auto& one : all_)
    if (const auto ifindex = if_nametoindex(one.name.c_str())) present.push_back(static_cast<int>(ifindex));
  hooks_.detach_others(present);
}

bool Interfaces::refresh() {
  bool changed = false;
  for (auto& one : all_) {
    const int ifindex = static_cast<int>(if_nametoindex(one.name.c_str()));
    if (ifindex != one.ifindex) {
      changed = true;
      if (one.ifindex != 0) release(one);
      one.ifindex = ifindex;
      if (ifindex != 0) {
        one.attachment = hooks_.attach(one.name, ifindex);
        one.rps = one.attachment.hook == Hook::tcx || is_virtual(one.name);
        one.announced = false;
        spdlog::info("{}: {} ({})", one.name, word(one.attachment.hook), one.attachment.reason);
      }
    }
    if (ifindex == 0 && !one.announced) {
      one.announced = true;
      log_warning({"interface " + one.name + " does not exist; it is attached when it comes",
                   "interfaces here: " + interfaces_here()});
    }
    const auto forwards = ifindex ? why_not_terminal(one.name).value_or("") : "";
    if (forwards != one.forwards && !forwards.empty())
      spdlog::info("{}: drop and trim are off: it {}", one.name, forwards);
    one.forwards = forwards;
  }
  publish_flags();
  if (changed) hooks_.settle();
  return changed;
}

void Interfaces::set_steering(bool xdp, bool rps) {
  for (auto& one : all_) one.steers = one.attachment.hook != Hook::none && (one.rps ? rps : xdp);
  publish_flags();
}

void Interfaces::release(Interface& one) {
  if (one.ifindex == 0) return;
  spdlog::info("{}: released", one.name);
  hooks_.detach(one.attachment.hook, one.ifindex);
  one.ifindex = 0;
  one.attachment = {};
  one.forwards.clear();
}

void Interfaces::release_all() {
  for (auto& one : all_) release(one);
  publish_flags();
}

// Two interfaces whose numbers share the low byte share a slot: then only what both may do is allowed, and as
// they may differ in how they steer, neither does.
void Interfaces::publish_flags() const {
  std::array<std::uint32_t, EBB_IFACES> flags{};
  std::array<bool, EBB_IFACES> used{};
  for (const auto& one : all_) {
    if (one.ifindex == 0) continue;
    const auto slot = static_cast<std::size_t>(one.ifindex) % EBB_IFACES;
    const std::uint32_t mine = (one.forwards.empty() ? EBB_IF_TERMINAL : 0U) |
                               (one.steers ? EBB_IF_STEER : 0U) | (one.rps ? EBB_IF_RPS : 0U);
    flags[slot] = used[slot] ? flags[slot] & mine & EBB_IF_TERMINAL : mine;
    used[slot] = true;
  }
  for (std::size_t slot = 0; slot < flags.size(); ++slot)
    __atomic_store_n(&maps_.live().iface[slot], flags[slot], __ATOMIC_RELAXED);
}

}  // namespace ebb

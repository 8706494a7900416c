// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/clsact.hpp"

#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <bpf/libbpf.h>

#include "sense/netlink.hpp"

namespace ebb {
namespace {

// Behind the priorities that people and Cilium choose (1, 2, ...), before those that the kernel chooses
// (49152 and down). A priority of its own: who removes all filters of theirs does not remove ours.
constexpr std::uint32_t own_priority = 0xebb;

// Who made the qdisc stands in the filter's handle: the note lives and dies with what it is about.
constexpr std::uint32_t qdisc_of_others = 0xebb0;
constexpr std::uint32_t qdisc_made = 0xebb1;

constexpr const char* program_name = "ebb_tc_ingress";  // and ebb_tc_ingress_ip

constexpr std::uint32_t ingress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
constexpr std::uint32_t egress = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);

struct Filter {
  std::uint32_t priority = 0;
  std::uint32_t handle = 0;  // 0: the list of all that have this priority
  std::uint32_t program_id = 0;
  std::string name;

  bool ours() const {
    return priority == own_priority && (handle == qdisc_of_others || handle == qdisc_made) &&
           name.starts_with(program_name);
  }
};

// Empty where there is no such qdisc.
Result<std::vector<Filter>> filters_of(int ifindex, std::uint32_t parent) {
  tcmsg request{};
  request.tcm_ifindex = ifindex;
  request.tcm_parent = parent;
  const auto messages = netlink_dump(NETLINK_ROUTE, RTM_GETTFILTER, &request, sizeof request);
  if (!messages) return tl::unexpected(messages.error());
  std::vector<Filter> out;
  for (const auto& message : *messages) {
    if (message.type != RTM_NEWTFILTER) continue;
    const auto head = message.header<tcmsg>();
    const Attributes attributes(message.attributes<tcmsg>());
    const Attributes options(attributes[TCA_OPTIONS].value_or(""));
    out.push_back({TC_H_MAJ(head.tcm_info) >> 16, head.tcm_handle, options.number(TCA_BPF_ID).value_or(0),
                   options.text(TCA_BPF_NAME)});
  }
  return out;
}

Result<Filter> own_filter(int ifindex) {
  auto all = filters_of(ifindex, ingress);
  if (!all) return tl::unexpected(all.error());
  const auto own = std::find_if(all->begin(), all->end(), [](const Filter& one) { return one.ours(); });
  if (own == all->end()) return fail_errno("no filter of Ebb on clsact", ENOENT);
  return *own;
}

// The message that stands for our priority's list counts as ours, too.
Result<bool> others_use_qdisc(int ifindex) {
  for (const auto parent : {ingress, egress}) {
    auto all = filters_of(ifindex, parent);
    if (!all) return tl::unexpected(all.error());
    for (const auto& one : *all)
      if (!one.ours() && (one.priority != own_priority || one.handle != 0)) return true;
  }
  return false;
}

bool is_in_our_place(const Filter& one) {
  return one.priority == own_priority && one.handle != 0 && !one.ours();
}

// After attaching a filter failed; the errno of a priority that is taken depends on the filter there.
tl::unexpected<Error> why_not_filter(int ifindex, int number) {
  const auto all = filters_of(ifindex, ingress);
  if (all && std::any_of(all->begin(), all->end(), is_in_our_place))
    return fail("another filter has priority " + std::to_string(own_priority));
  if (number == ENOENT) return fail("this kernel has no BPF filters");
  return fail_errno("no clsact filter", number);
}

bpf_tc_hook hook_of(int ifindex, bpf_tc_attach_point point) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = ifindex;
  hook.attach_point = point;
  return hook;
}

// With one direction only, libbpf would flush the filters of everybody there.
void remove_qdisc(int ifindex) {
  auto hook = hook_of(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  bpf_tc_hook_destroy(&hook);
}

bpf_tc_opts options_of(std::uint32_t handle) {
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = handle;
  options.priority = own_priority;
  return options;
}

}  // namespace

Result<std::uint32_t> query_clsact(int ifindex) {
  const auto own = own_filter(ifindex);
  if (!own) return tl::unexpected(own.error());
  return own->program_id;
}

Result<std::uint32_t> attach_clsact(int program_fd, int ifindex) {
  const auto earlier = own_filter(ifindex);
  auto hook = hook_of(ifindex, BPF_TC_INGRESS);
  bool made = false;
  if (!earlier) {
    const int error = bpf_tc_hook_create(&hook);
    if (error == -ENOENT) return fail("this kernel has none");
    if (error && error != -EEXIST) return fail_errno("no clsact", -error);
    made = !error;
  }
  auto options = options_of(earlier ? earlier->handle : made ? qdisc_made : qdisc_of_others);
  options.prog_fd = program_fd;
  options.flags = earlier ? BPF_TC_F_REPLACE : 0;
  if (const int error = bpf_tc_attach(&hook, &options)) {
    if (made && !others_use_qdisc(ifindex).value_or(true)) remove_qdisc(ifindex);
    return why_not_filter(ifindex, -error);
  }
  return options.prog_id;
}

// The kernel has no "remove if unused": between question and removal somebody may add a filter, which is then
// lost. Both are next to each other, so that the gap is some microseconds.
Result<bool> detach_clsact(int ifindex) {
  const auto own = own_filter(ifindex);
  if (!own) {
    if (own.error().number == ENOENT) return false;
    return tl::unexpected(own.error());
  }
  if (own->handle == qdisc_made && !others_use_qdisc(ifindex).value_or(true)) {
    remove_qdisc(ifindex);
    return true;
  }
  const auto hook = hook_of(ifindex, BPF_TC_INGRESS);
  const auto options = options_of(own->handle);
  if (const int error = bpf_tc_detach(&hook, &options); error && error != -ENOENT)
    return fail_errno("cannot remove the clsact filter", -error);
  return true;
}

}  // namespace ebb

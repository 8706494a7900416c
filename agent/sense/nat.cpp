// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/nat.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <set>
#include <sstream>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "sense/netlink.hpp"

namespace ebb {
namespace {

void note(std::string& reason, const std::string& text) {
  if (reason.empty()) reason = text;
}

// Asking a kernel that has nf_tables as a module, not loaded, would load it.
bool has_nf_tables() {
  if (access("/sys/module/nf_tables", F_OK) == 0 || access("/proc/modules", F_OK) != 0) return true;
  utsname kernel{};
  uname(&kernel);
  const auto builtin =
      read_file(std::string("/lib/modules/") + kernel.release + "/modules.builtin", std::size_t{1} << 20);
  return builtin && builtin->find("/nf_tables.ko") != std::string::npos;
}

void note_chain(const NetlinkMessage& message, PacketFilters& out) {
  const Attributes chain(message.attributes<nfgenmsg>());
  const auto hook = chain[NFTA_CHAIN_HOOK];
  const bool drops = chain.number_be(NFTA_CHAIN_POLICY).value_or(NF_ACCEPT) != NF_ACCEPT;
  if (!hook || (chain.number_be(NFTA_CHAIN_USE).value_or(1) == 0 && !drops)) return;
  const std::string text =
      "nftables chain " + chain.text(NFTA_CHAIN_TABLE) + " " + chain.text(NFTA_CHAIN_NAME);
  if (chain.text(NFTA_CHAIN_TYPE) == "nat") return note(out.nat, text + " translates addresses");

  const auto number = Attributes(*hook).number_be(NFTA_HOOK_HOOKNUM).value_or(NF_INET_PRE_ROUTING);
  const int family = message.header<nfgenmsg>().nfgen_family;
  const std::string filter = text + " filters";
  if (family == NFPROTO_NETDEV) {  // its hooks have numbers of their own
    for (auto* reason : {&out.arp, &out.ipv4, &out.ipv6}) note(*reason, filter);
  } else if (family == NFPROTO_ARP) {
    note(out.arp, filter);
  } else if (number == NF_INET_PRE_ROUTING || number == NF_INET_LOCAL_IN || number == NF_INET_LOCAL_OUT ||
             number == NF_INET_POST_ROUTING || number == NF_INET_INGRESS) {
    if (family == NFPROTO_IPV4 || family == NFPROTO_INET) note(out.ipv4, filter);
    if (family == NFPROTO_IPV6 || family == NFPROTO_INET) note(out.ipv6, filter);
  }
}

void ask_nf_tables(PacketFilters& out) {
  if (!has_nf_tables()) return;
  const nfgenmsg every_family{};
  const auto chains = netlink_dump(NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
                                   &every_family, sizeof every_family);
  if (chains) {
    for (const auto& message : *chains) note_chain(message, out);
  } else if (chains.error().number == EPERM) {
    for (auto* reason : {&out.nat, &out.arp, &out.ipv4, &out.ipv6}) note(*reason, "nftables may not be read");
  }  // any other error: the kernel has no nf_tables
}

// The older tables. One exists from its first use on; without rules it has its chains and an end marker.
struct Table {
  const char* name;
  unsigned without_rules;  // entries
};
constexpr std::array<Table, 4> tables = {{{"nat", 5}, {"filter", 4}, {"mangle", 6}, {"raw", 3}}};

template <typename Info>
bool has_rules(int family, int level, int option, const Table& table) {
  const Fd fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  Info info{};
  socklen_t size = sizeof info;
  std::strncpy(info.name, table.name, sizeof info.name - 1);
  return !fd || getsockopt(fd.get(), level, option, &info, &size) != 0 ||
         info.num_entries > table.without_rules;
}

void ask_iptables(PacketFilters& out, bool ipv6) {
  const std::string command = ipv6 ? "ip6tables" : "iptables";
  const auto names = read_file(ipv6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names");
  if (!names) return;  // no such code in the kernel
  std::set<std::string> used;
  std::istringstream lines(*names);
  for (std::string name; lines >> name;) used.insert(name);
  for (const auto& table : tables) {
    if (!used.count(table.name)) continue;
    if (!(ipv6 ? has_rules<ip6t_getinfo>(AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, table)
               : has_rules<ipt_getinfo>(AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, table)))
      continue;
    const std::string text = command + " table " + table.name;
    if (std::string(table.name) == "nat")
      note(out.nat, text + " translates addresses");
    else
      note(ipv6 ? out.ipv6 : out.ipv4, text + " filters");
  }
}

}  // namespace

PacketFilters read_packet_filters() {
  PacketFilters out;
  ask_nf_tables(out);
  ask_iptables(out, false);
  ask_iptables(out, true);
  if (const auto names = read_file("/proc/net/arp_tables_names"); names && !names->empty())
    note(out.arp, "arptables is in use");
  return out;
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "nft.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/fd.hpp"

namespace ebb::test {
namespace {

template <typename T>
std::string bytes_of(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + 3) & ~std::size_t{3});
  return bytes;
}

std::string attribute(unsigned type, const std::string& value) {
  const nlattr header{static_cast<std::uint16_t>(sizeof header + value.size()),
                      static_cast<std::uint16_t>(type)};
  return padded(bytes_of(header) + value);
}

std::string text(unsigned type, const std::string& value) { return attribute(type, value + '\0'); }
std::string number(unsigned type, std::uint32_t value) { return attribute(type, bytes_of(htonl(value))); }

std::string message(unsigned type, int family, unsigned flags, unsigned resource,
                    const std::string& attributes) {
  nfgenmsg body{};
  body.nfgen_family = static_cast<std::uint8_t>(family);
  body.res_id = htons(static_cast<std::uint16_t>(resource));
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + sizeof body + attributes.size());
  header.nlmsg_type = static_cast<std::uint16_t>(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  return bytes_of(header) + bytes_of(body) + attributes;
}

std::string change(unsigned type, int family, unsigned flags, const std::string& attributes) {
  return message(NFNL_SUBSYS_NFTABLES << 8 | type, family, NLM_F_CREATE | flags, 0, attributes);
}

}  // namespace

bool add_chain(const Chain& chain) {
  const std::string name = chain.type + std::to_string(chain.hook);
  std::string batch = message(NFNL_MSG_BATCH_BEGIN, AF_UNSPEC, 0, NFNL_SUBSYS_NFTABLES, "");
  batch += change(NFT_MSG_NEWTABLE, chain.family, 0, text(NFTA_TABLE_NAME, "test"));
  batch += change(NFT_MSG_NEWCHAIN, chain.family, 0,
                  text(NFTA_CHAIN_TABLE, "test") + text(NFTA_CHAIN_NAME, name) +
                      text(NFTA_CHAIN_TYPE, chain.type) +
                      attribute(NFTA_CHAIN_HOOK | NLA_F_NESTED,
                                number(NFTA_HOOK_HOOKNUM, chain.hook) + number(NFTA_HOOK_PRIORITY, 0)));
  if (chain.rule)
    batch += change(NFT_MSG_NEWRULE, chain.family, NLM_F_APPEND,
                    text(NFTA_RULE_TABLE, "test") + text(NFTA_RULE_CHAIN, name) +
                        attribute(NFTA_RULE_EXPRESSIONS | NLA_F_NESTED, ""));
  batch += message(NFNL_MSG_BATCH_END, AF_UNSPEC, NLM_F_ACK, NFNL_SUBSYS_NFTABLES, "");
  const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!fd || send(fd.get(), batch.data(), batch.size(), 0) < 0) return false;
  struct {
    nlmsghdr header;
    int error;
    std::array<char, 4096> rest;
  } answer{};
  return recv(fd.get(), &answer, sizeof answer, 0) > 0 && answer.error == 0;
}

}  // namespace ebb::test

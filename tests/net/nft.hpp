// SPDX-License-Identifier: GPL-2.0-or-later
// One nftables chain of a test, made by netlink: the nft program need not be installed.
#pragma once

// Before the kernel's header, which then leaves out what both declare.
#include <netinet/in.h>

#include <linux/netfilter.h>

#include <cstdint>
#include <string>

namespace ebb::test {

struct Chain {
  int family;        // NFPROTO_*
  std::string type;  // "nat", "filter"
  unsigned hook;     // NF_INET_*
  bool rule;         // with a rule that does nothing
};

// Makes the chain "TYPE HOOK" ("nat0") in the family's table "test", accepting by default. False: the kernel
// refused.
bool add_chain(const Chain& chain);

}  // namespace ebb::test

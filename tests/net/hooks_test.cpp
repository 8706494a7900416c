// SPDX-License-Identifier: GPL-2.0-or-later
// The hook of an interface, when others take Ebb's program away.
#include "dataplane/hooks.hpp"

#include <gtest/gtest.h>
#include <linux/if_link.h>

#include <algorithm>

#include <bpf/libbpf.h>

#include "dataplane/maps.hpp"
#include "dataplane/pins.hpp"
#include "foreign.hpp"
#include "lab.hpp"

namespace ebb::test {
namespace {

// Whoever looks first must not take the news from the one that attaches again.
TEST(HooksTest, WhatIsLostStaysLostUntilItIsAttachedAgain) {
  const Lab lab;
  auto maps = Maps::open(pin_folder());
  ASSERT_TRUE(maps) << maps.error().what;
  Hooks hooks(*maps);
  const auto links = read_links();
  ASSERT_TRUE(links) << links.error().what;
  const auto link =
      std::find_if(links->begin(), links->end(), [](const Link& one) { return one.name == node_if; });
  ASSERT_NE(link, links->end());
  auto attachment = hooks.attach(*link, "");
  ASSERT_EQ(attachment.hook, Hook::xdp_native) << attachment.reason;
  EXPECT_FALSE(Hooks::lost(attachment, link->ifindex));

  ASSERT_EQ(bpf_xdp_detach(link->ifindex, XDP_FLAGS_DRV_MODE, nullptr), 0);
  EXPECT_TRUE(Hooks::lost(attachment, link->ifindex));
  EXPECT_TRUE(Hooks::lost(attachment, link->ifindex)) << "gone, and asked once more";
  Foreign foreign;
  foreign.attach_xdp(node_if);
  EXPECT_TRUE(Hooks::lost(attachment, link->ifindex)) << "another one in its place";
  EXPECT_TRUE(Hooks::lost(attachment, link->ifindex));
  foreign.detach_xdp(node_if);

  attachment = hooks.attach(*link, "");
  EXPECT_EQ(attachment.hook, Hook::xdp_native) << attachment.reason;
  EXPECT_FALSE(Hooks::lost(attachment, link->ifindex));
  hooks.detach(attachment.hook, link->ifindex);
  remove_dataplane();
}

}  // namespace
}  // namespace ebb::test

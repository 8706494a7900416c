// SPDX-License-Identifier: GPL-2.0-or-later
// The hook ladder: native XDP where the driver has it and frames are Ethernet, else tcx, else clsact. Another
// tool's program is never displaced.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/maps.hpp"
#include "sense/link.hpp"

namespace ebb {

enum class Hook : std::uint8_t { none, xdp_native, tcx, clsact };

constexpr const char* word(Hook hook) {
  switch (hook) {
    case Hook::xdp_native:
      return "xdp-native";
    case Hook::tcx:
      return "tcx";
    case Hook::clsact:
      return "clsact";
    default:
      return "none";
  }
}

// The programs see packets after the kernel has built them.
constexpr bool is_tc(Hook hook) { return hook == Hook::tcx || hook == Hook::clsact; }

struct Attachment {
  Hook hook = Hook::none;
  std::string reason;            // why this rung, or why none
  std::uint32_t program_id = 0;  // 0: none
  std::uint32_t runs = 0;        // XdpInterface::runs when lost() looked last
};

class Hooks {
 public:
  // Programs of an earlier agent are adopted where their code is ours, replaced where it is not.
  explicit Hooks(const Maps& maps);

  // `no_xdp`: why native XDP is not for this interface; "": it is. Asked again with another answer, the
  // programs move: they are on the new hook before they leave the old one.
  Attachment attach(const Link& link, const std::string& no_xdp);
  void detach(Hook hook, int ifindex);

  // Somebody else removed the program, or put another one in its place.
  static bool lost(Attachment& attachment, int ifindex);

  // Detaches what an earlier agent left on other interfaces than these.
  void detach_others(const std::vector<int>& ifindexes);

  // All attachments that this agent wants are made: from now on an adopting agent may trust their code.
  void settle();

 private:
  const Maps& maps_;
  bool same_code_;        // what is attached was made by this very code
  std::array<Fd, 2> tc_;  // for Ethernet, and for raw IP; loaded when the first interface needs it

  Status attach_native(int ifindex, Attachment& out);
  Result<int> tc_program(bool raw_ip);
  Result<std::uint32_t> attach_to_tcx(int ifindex, bool raw_ip);
  Result<std::uint32_t> attach_to_clsact(int ifindex, bool raw_ip);
  Attachment attach_tc(const Link& link, const std::string& no_xdp);
};

// Without an agent: detaches every program of Ebb, of whatever ABI, and removes every pin. What was done, in
// words.
std::vector<std::string> remove_dataplane();

}  // namespace ebb

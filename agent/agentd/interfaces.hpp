// SPDX-License-Identifier: GPL-2.0-or-later
// The interfaces that the configuration means: attached when they come, released when they go, kept over a
// new name. What the programs may do on each, and the addresses that are ours, follow the kernel.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agentd/choice.hpp"
#include "dataplane/hooks.hpp"
#include "dataplane/maps.hpp"
#include "dataplane/own.hpp"
#include "sense/answering.hpp"
#include "sense/terminal.hpp"

namespace ebb {

struct Interface {
  std::string name;
  int ifindex = 0;      // 0: absent
  std::string pattern;  // of the configuration, that chose it: its name, "eth*", "auto"
  LinkType link_type = LinkType::ether;
  Attachment attachment;
  std::string no_xdp;       // why native XDP is not for it; "": it may be
  std::string forwards;     // why its traffic is not dropped or trimmed; "": it may be
  std::string sockets_off;  // why `listener` and `service` are not known on it; "": they are
  std::string answers_off;  // which requests are left to the stack, and why; "": none
  bool rps = false;         // steered by the RPS mask, not by the cpumap
  bool steers = false;      // steering works on it now
  // What the above follows from
  Link link;
  Ending ending;
  Answering answering;
};

class Interfaces {
 public:
  explicit Interfaces(const Maps& maps) : maps_(maps), hooks_(maps), own_(maps) {}

  // The configuration's list. What it no longer means is released; refresh() attaches what is new.
  void configure(const std::vector<std::string>& patterns);

  // Looks at everything: after Change::links, and after configure(). True if an interface came or went.
  bool refresh();

  // After Change::addresses: only the addresses, within milliseconds.
  void refresh_addresses();

  // Once per interval: the few settings that the kernel changes without a word. True if an interface came or
  // went.
  bool refresh_settings();

  // Default routes matter: Surroundings::follow_routes().
  bool follows_routes() const;

  // What the programs may do on each interface now.
  void set_steering(bool xdp, bool rps);

  void release_all();
  const std::vector<Interface>& all() const { return all_; }

 private:
  using Clock = std::chrono::steady_clock;

  const Maps& maps_;
  Hooks hooks_;
  OwnTables own_;
  std::vector<std::string> patterns_;
  std::vector<Interface> all_;
  bool nothing_fits_ = false;  // reported
  std::vector<Link> links_;    // at the last refresh()
  std::set<int> strangers_;    // carries_strangers()
  PacketFilters filters_;
  std::map<int, Clock::time_point>
      auto_;  // interfaces of `auto`, and when each was last seen with a default route

  bool read_surroundings();
  void read_settings();
  std::vector<Choice> chosen();
  bool release_others(const std::vector<Choice>& choices);
  bool follow(const Choice& choice);
  void conclude(Interface& one) const;
  void release(Interface& one);
  void publish_flags() const;
};

}  // namespace ebb

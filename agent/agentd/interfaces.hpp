// SPDX-License-Identifier: GPL-2.0-or-later
// The configured interfaces: attached when they come, released when they go.
#pragma once

#include <string>
#include <vector>

#include "dataplane/hooks.hpp"
#include "dataplane/maps.hpp"

namespace ebb {

struct Interface {
  std::string name;
  int ifindex = 0;  // 0: absent
  Attachment attachment;
  std::string forwards;    // why its traffic is not dropped or trimmed; "": it may be
  bool rps = false;        // steered by the RPS mask, not by the cpumap
  bool steers = false;     // steering works on it now
  bool announced = false;  // its absence was reported
};

class Interfaces {
 public:
  explicit Interfaces(const Maps& maps) : maps_(maps), hooks_(maps) {}

  // The configuration's list: what is no longer named is released.
  void configure(const std::vector<std::string>& names);

  // Looks at the machine again. True if an interface came or went.
  bool refresh();

  // What the programs may do on each interface now.
  void set_steering(bool xdp, bool rps);

  void release_all();
  const std::vector<Interface>& all() const { return all_; }

 private:
  const Maps& maps_;
  Hooks hooks_;
  std::vector<Interface> all_;

  void release(Interface& one);
  void publish_flags() const;
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel says about devices: NETLINK_KOBJECT_UEVENT.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

// A socket that hears of devices that came, went, changed, or of CPUs that went online or offline. The kernel
// itself leaves out what cannot be a sensor: drivers that bind, modules, caches, and virtual devices but
// thermal zones and power supplies. A machine that makes containers would wake us for each of them.
Result<Fd> open_uevents();

// The folders of the tree that the waiting events are about; none: nothing that a sensor reads. "": events
// were lost, so that everything may have changed.
std::set<std::string> read_uevents(int fd);

// The folder that one event is about; "" if no sensor reads it.
std::string folder_of(std::string_view event);

}  // namespace ebb

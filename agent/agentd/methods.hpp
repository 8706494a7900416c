// SPDX-License-Identifier: GPL-2.0-or-later
// io.ebb.Agent, as the daemon serves it.
#pragma once

#include "api/varlink_server.hpp"

namespace ebb {

class Daemon;

VarlinkInterface agent_methods(Daemon& daemon);

}  // namespace ebb

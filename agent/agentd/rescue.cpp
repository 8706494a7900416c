// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/rescue.hpp"

#include <unistd.h>

#include "act/guardian.hpp"
#include "agentd/lock.hpp"
#include "agentd/paths.hpp"
#include "dataplane/hooks.hpp"
#include "dataplane/maps.hpp"
#include "dataplane/pins.hpp"

namespace ebb {

namespace {

// Where nothing is pinned there is nothing to stop; opening would make the maps.
Status make_inert() {
  if (access(pin_folder().c_str(), F_OK) != 0) return {};
  auto maps = Maps::open(pin_folder());
  if (!maps) return tl::unexpected(maps.error());
  maps->set_inert();
  return {};
}

}  // namespace

Result<Rescue> rescue_machine(RescueScope scope) {
  auto alone = lock_agent();
  if (!alone) return tl::unexpected(alone.error());
  auto settled = take_restore_lock(restore_lock);
  if (!settled) return tl::unexpected(settled.error());
  Rescue done;
  // First: a damaged journal must not keep the programs at work.
  if (scope == RescueScope::everything)
    done.removed = remove_dataplane();
  else if (auto inert = make_inert(); !inert)
    return tl::unexpected(inert.error());
  auto journal = Journal::open(journal_path);
  if (!journal) return tl::unexpected(journal.error());
  done.knobs = restore_all(*journal);
  return done;
}

}  // namespace ebb

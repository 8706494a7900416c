// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/rescue.hpp"

#include "act/guardian.hpp"
#include "agentd/lock.hpp"
#include "agentd/paths.hpp"
#include "dataplane/hooks.hpp"

namespace ebb {

Result<Rescue> rescue_machine() {
  auto alone = lock_agent();
  if (!alone) return tl::unexpected(alone.error());
  auto settled = take_restore_lock(restore_lock);
  if (!settled) return tl::unexpected(settled.error());
  Rescue done;
  done.removed = remove_dataplane();  // first: a damaged journal must not keep the programs attached
  auto journal = Journal::open(journal_path);
  if (!journal) return tl::unexpected(journal.error());
  done.knobs = restore_all(*journal);
  return done;
}

}  // namespace ebb

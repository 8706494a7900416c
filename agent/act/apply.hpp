// SPDX-License-Identifier: GPL-2.0-or-later
// Writing a plan to the machine, and the one way back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "act/journal.hpp"
#include "act/knob.hpp"

namespace ebb {

// What stands in `knobs` of the status.
struct KnobReport {
  std::string id, original, wanted, current;  // current: empty when it could not be read
  std::string status;  // "applied", "restored", "foreign" (somebody else wrote it: kept), "busy",
                       // "not-permitted", "not-supported", "gone", "failed"
  std::string reason;  // why, unless it is "applied" or "restored"
};

// Makes the machine match `plan` (knob id -> value): writes what differs, through the journal, and restores
// every journalled knob that the plan no longer names. A knob that somebody else wrote after us stays as it
// is while the plan names it. One failing knob does not stop the others. A write that the kernel ignores is
// "failed".
std::vector<KnobReport> apply_plan(Journal& journal, const std::map<std::string, std::string>& plan,
                                   const KnobMaker& maker = knob_from_id);

// The one restore path (stop, guardian, agentctl restore, next start), last write first: every knob that
// still holds our value, or whose write was not confirmed, gets its original; a foreign value is kept and
// reported; a device that is gone or another one is dropped. Empties the journal of all that is settled; what
// failed stays in it.
std::vector<KnobReport> restore_all(Journal& journal, const KnobMaker& maker = knob_from_id);

}  // namespace ebb

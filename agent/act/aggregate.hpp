// SPDX-License-Identifier: GPL-2.0-or-later
// Knobs that show an aggregate: the limits of cpufreq.
//
// scaling_max_freq shows the lowest of all requests. Ours is one of them, the file's; the heat's and the
// platform's are others. So what is read is not what was written, and the file's own request, which we have
// to give back, cannot be read at all. Let R be that request before Ebb, L what the others allow, v = min(R,
// L) what we read, H the hardware's maximum, C our cap (below v, else nothing is written).
//
//   v = H                      R = H.
//   v < H, a limit is seen     L may bind: R is unknown, and H is given back (DESIGN 4.3). Nothing is probed.
//   v < H, no limit is seen    the probe: write H, read until it has settled. Still v: a limit that shows itself
//                              nowhere binds: R is unknown, H is given back. Anything else: only R was in the way: R
//                              = v.
//
// "A limit is seen" (Knob::bound) is asked before and after v is read, so that one that comes or goes
// meanwhile counts. The journal says before each write what a restore has to do if there is no more to come:
//
//   step                          journal before it          killed here, or behind it
//   1 write H (the probe)         original v, wanted H, -    in doubt: the restore itself probes. The request
//                                                            is R or H, and no limit was seen: read v again
//                                                            -> H; else -> v = R, exactly.
//   2 write C                     original R or H, wanted C, -   the original is written, whatever is read
//   3 -                           the same, read back        written, unless a greater value than ours stands
//                                                            there: somebody else's, kept
//
// So C never stays, R comes back exactly where no other limit bound, and L, where one was seen, is never
// taken for R. What is left to chance: a limit that shows itself in no file, a kill of agent and guardian
// between the steps 1 and 2, and the end of that limit before the restore.
//
// scaling_min_freq is the highest request, but never above the ceiling in force. While it stands at the
// ceiling a floor changes nothing and its own request is hidden: then nothing is written. Otherwise what is
// read is the request.
#pragma once

#include <string>

#include "act/journal.hpp"
#include "act/knob.hpp"

namespace ebb {

// `current` already does what `wanted` asks: at most so high, at least so high (or as high as the ceiling).
bool satisfied(const Knob& knob, const std::string& current, const std::string& wanted);

// `current` may be what our write of the entry has led to: a stricter value counts as ours.
bool still_ours(const Knob& knob, const JournalEntry& entry, const std::string& current);

// The entry's original is a guess that only the probe can settle.
bool in_doubt(const Knob& knob, const JournalEntry& entry);

// The original of a knob that has no entry yet. May probe, through the journal; `entry` has id and identity.
Result<std::string> find_original(Journal& journal, const Knob& knob, JournalEntry entry);

// Probes: the file's request is H afterwards, `seen` was read before. What has to be given back.
Result<std::string> probe_original(const Knob& knob, const std::string& seen);

}  // namespace ebb

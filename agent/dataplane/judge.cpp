// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/judge.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cassert>
#include <cstddef>
#include <cstring>

#include "dataplane/native/run.hpp"

namespace ebb {
namespace {

// A power state that the agent never enters: there each rule is a class of its own, which passes.
constexpr unsigned probe_state = EBB_STATES - 1;

bool in_use = false;

void enter(ebb_live& live, unsigned state) {
  live.word = (live.word & EBB_WORD_BANK) | EBB_WORD_ENFORCE | state << 4;
}

void prepare_probe(ebb_bank& bank) {
  for (unsigned rule = 0; rule < EBB_RULES; ++rule)
    bank.treat[probe_state][rule] = {
        .class_slot = static_cast<__u8>(rule), .flags = 0, .trim_to = 0, .rate = 0};
}

struct Counted {
  std::optional<unsigned> row;
  ebb_verdict verdict = EBB_PASS;
  std::optional<ebb_reason> reason;
};

Counted what_counted(const ebb_counters& counters) {
  Counted out;
  bool spared = false;
  for (unsigned row = 0; row < EBB_CLASS_ROWS; ++row)
    for (unsigned verdict = 0; verdict < EBB_VERDICTS; ++verdict)
      if (counters.verdict[row][verdict].packets != 0) {
        out.row = row;
        spared = verdict == EBB_SPARED;
        out.verdict = spared ? EBB_PASS : static_cast<ebb_verdict>(verdict);
      }
  for (unsigned reason = 0; reason < EBB_REASONS; ++reason)
    if (counters.passed[reason] != 0) out.reason = static_cast<ebb_reason>(reason);
  // Two reasons are not counted: the row tells them.
  if (out.row && out.verdict == EBB_PASS && !spared)
    out.reason = *out.row == EBB_CLASSES ? EBB_R_UNCLASSIFIED : EBB_R_TREATMENT;
  return out;
}

}  // namespace

Judge::Judge(const ebb_live& from) {
  assert(!in_use);
  in_use = true;
  std::memcpy(&live(), &from, offsetof(ebb_live, counters));
  std::memset(live().bucket, 0, sizeof from.bucket);
  live().cache_shift = 0;  // every flow is looked up
  live().armed = 0;        // a question wakes nobody
  prepare_probe(live().bank[live().word & EBB_WORD_BANK]);
}

// Gives the memory back: the agent explains rarely.
Judge::~Judge() {
  in_use = false;
  const auto page = static_cast<std::uintptr_t>(getpagesize());
  const auto begin = reinterpret_cast<std::uintptr_t>(&live());
  const auto first = (begin + page - 1) / page * page, last = (begin + sizeof(ebb_live)) / page * page;
  madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

ebb_live& Judge::live() { return native::live(); }

Judged Judge::judge(const Arrival& arrival) {
  enter(live(), probe_state);
  const Counted plain = what_counted(native::Run(arrival).counters());
  enter(live(), static_cast<unsigned>(arrival.state));
  native::Run run(arrival);
  const Counted counted = what_counted(run.counters());

  Judged out;
  out.verdict = counted.verdict;
  out.slot = counted.row;
  if (plain.row && *plain.row < EBB_RULES) out.rule = plain.row;
  out.reason = counted.reason;
  // A packet may lose its protection on the way to a drop (a connection request for nobody).
  const auto& shield = out.verdict == EBB_STEER || out.verdict == EBB_ANSWER ? plain.reason : counted.reason;
  if (shield && *shield >= EBB_R_ETHERTYPE) out.protection = shield;
  out.action = run.action();
  out.cpu = run.cpu();
  out.frame = run.take_frame();
  return out;
}

Judged judge_packet(const ebb_live& live, const Arrival& arrival) { return Judge(live).judge(arrival); }

}  // namespace ebb

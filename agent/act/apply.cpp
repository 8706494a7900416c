// SPDX-License-Identifier: GPL-2.0-or-later
#include "act/apply.hpp"

#include <net/if.h>

#include "act/aggregate.hpp"
#include "base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace ebb {
namespace {

void refuse(KnobReport& report, const Error& error) {
  report.reason = error.what;
  switch (error.number) {
    case EBUSY:
      report.status = "busy";
      break;
    case EPERM:
    case EACCES:
    case EROFS:
      report.status = "not-permitted";
      break;
    case EOPNOTSUPP:
    case EINVAL:
      report.status = "not-supported";
      break;
    case ENOENT:
    case ENODEV:
      report.status = "gone";
      break;
    default:
      report.status = "failed";
  }
}

// The kernel spells masks with leading zeros and commas: "00000000,0000000f" is "f". Other text stays.
std::string canonical(const std::string& text) {
  std::string digits;
  std::size_t group = 0;  // digits since the last comma
  for (const char c : text) {
    if (c == ',') {
      if (!digits.empty() && group == digits.size() ? group > 8 : group != 8) return text;
      group = 0;
    } else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
      digits += c;
      ++group;
    } else {
      return text;
    }
  }
  if (digits.empty() || (digits.size() != text.size() && group != 8)) return text;
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

bool same(const std::string& a, const std::string& b) { return canonical(a) == canonical(b); }

Status set(const Knob& knob, const std::string& value) {
  return value.empty() ? knob.unset() : knob.write(value);
}

void note(KnobReport& report, const Status& journalled) {
  if (!journalled) report.reason = journalled.error().what;
}

// The entry's id by the name that its interface has now: a renamed interface keeps its settings.
std::string present_id(const JournalEntry& entry) {
  const std::string folder = "file:/sys/class/net/";
  const auto ifindex = parse_number(entry.identity);
  const auto end = entry.id.find('/', folder.size());
  char name[IF_NAMESIZE];
  if (!entry.id.starts_with(folder) || end == std::string::npos || !ifindex ||
      !if_indextoname(static_cast<unsigned>(*ifindex), name))
    return entry.id;
  return folder + name + entry.id.substr(end);
}

KnobReport restore_one(Journal& journal, const JournalEntry& entry, const KnobMaker& maker) {
  KnobReport report{entry.id, entry.original, entry.wanted, "", "restored", ""};
  const auto restore = [&] {
    const auto knob = maker(present_id(entry));
    if (!knob) return refuse(report, knob.error());
    const auto current = (*knob)->read();
    if (!current) return refuse(report, current.error());
    report.current = *current;
    if ((*knob)->identity() != entry.identity) {
      report.status = "gone";
      report.reason = "another device has its name now";
      return;
    }
    const bool aggregate = (*knob)->shows() != Shows::own;
    if (!aggregate && same(*current, entry.original)) return;
    const bool ours = aggregate ? still_ours(**knob, entry, *current) : same(*current, entry.readback);
    if (!entry.readback.empty() && !ours) {
      report.status = "foreign";
      report.reason = "somebody else wrote it: kept";
      return;
    }
    if (in_doubt(**knob, entry)) {
      const auto original = probe_original(**knob, entry.original);
      if (!original) return refuse(report, original.error());
      report.original = *original;
    }
    if (const auto written = set(**knob, report.original); !written) return refuse(report, written.error());
    const auto after = (*knob)->read();
    if (!after) return refuse(report, after.error());
    report.current = *after;
    if (same(*after, report.original) || (aggregate && satisfied(**knob, *after, report.original))) return;
    report.status = "failed";
    report.reason = "the kernel did not take the original back";
    JournalEntry retry = entry;
    retry.readback = *after;
    note(report, journal.put(std::move(retry)));
  };
  restore();
  if (report.status == "restored" || report.status == "foreign" || report.status == "gone")
    note(report, journal.remove(entry.id));
  return report;
}

// `before` is what the journal knows of the knob, `current` its value now.
void write_knob(Journal& journal, const Knob& knob, const std::optional<JournalEntry>& before,
                const std::string& identity, const std::string& current, KnobReport& report) {
  JournalEntry entry{report.id, identity, report.original, report.wanted, ""};
  if (const auto put = journal.put(entry); !put) return refuse(report, put.error());
  const auto written = set(knob, report.wanted);
  const auto after = knob.read();
  if (after) report.current = *after;
  // An aggregate may read as before, and have taken the write.
  const bool taken = knob.shows() != Shows::own;
  if (written && after && (taken || same(*after, report.wanted) || !same(*after, current))) {
    entry.readback = *after;
    return note(report, journal.put(std::move(entry)));
  }
  if (!written)
    refuse(report, written.error());
  else if (!after)
    refuse(report, after.error());
  else
    refuse(report, Error{"the kernel ignored the write", "", exit_failed, 0});
  // The value is as it was: so is the journal.
  if (after && same(*after, current)) note(report, before ? journal.put(*before) : journal.remove(report.id));
}

// A ceiling or a floor that is to be `report.wanted`. See aggregate.hpp.
void apply_aggregate(Journal& journal, const Knob& knob, std::optional<JournalEntry> before,
                     const std::string& identity, const std::string& current, KnobReport& report,
                     const KnobMaker& maker) {
  if (!before && satisfied(knob, current, report.wanted)) return;
  if (before && !before->readback.empty() && !still_ours(knob, *before, current) &&
      !same(current, before->original)) {
    report.status = "foreign";
    report.reason = "somebody else wrote it: kept";
    return;
  }
  if (before && satisfied(knob, before->original, report.wanted)) {
    const std::string wanted = report.wanted;  // the original asks for more, so it is what the plan wants
    report = restore_one(journal, *before, maker);
    report.wanted = wanted;
    if (report.status == "restored") report.status = "applied";
    return;
  }
  if (before && before->wanted == report.wanted && !before->readback.empty() &&
      still_ours(knob, *before, current))
    return;
  if (!before || in_doubt(knob, *before)) {
    const auto original = before ? probe_original(knob, before->original)
                                 : find_original(journal, knob, {report.id, identity, "", "", ""});
    if (!original) {
      // Refused before the probe was written: nothing was done. Later it stays in the journal, in doubt.
      if (const auto now = knob.read(); !before && now && same(*now, current))
        note(report, journal.remove(report.id));
      return refuse(report, original.error());
    }
    report.original = *original;
  }
  write_knob(journal, knob, before, identity, current, report);
}

KnobReport apply_one(Journal& journal, const std::string& id, const std::string& wanted,
                     const KnobMaker& maker) {
  KnobReport report{id, "", wanted, "", "applied", ""};
  std::optional<JournalEntry> before;
  if (const auto* entry = journal.find(id)) before = *entry;
  if (before) report.original = before->original;

  const auto knob = maker(id);
  if (!knob) return refuse(report, knob.error()), report;
  const auto current = (*knob)->read();
  if (!current) return refuse(report, current.error()), report;
  report.current = *current;
  const std::string identity = (*knob)->identity();
  if (before && before->identity != identity) before.reset();  // another device: its value is a new original
  if (!before) report.original = *current;

  if ((*knob)->shows() != Shows::own) {
    apply_aggregate(journal, **knob, before, identity, *current, report, maker);
    return report;
  }
  if (same(*current, wanted)) return report;
  if (before && !before->readback.empty()) {
    const bool ours = same(*current, before->readback);
    if (ours && before->wanted == wanted) return report;  // in the kernel's spelling
    if (!ours && !same(*current, before->original)) {
      report.status = "foreign";
      report.reason = "somebody else wrote it: kept";
      return report;
    }
  }
  write_knob(journal, **knob, before, identity, *current, report);
  return report;
}

}  // namespace

std::vector<KnobReport> apply_plan(Journal& journal, const std::map<std::string, std::string>& plan,
                                   const KnobMaker& maker) {
  std::vector<KnobReport> reports;
  const auto entries = journal.entries();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
    if (!plan.contains(entry->id)) reports.push_back(restore_one(journal, *entry, maker));
  for (const auto& [id, wanted] : plan) reports.push_back(apply_one(journal, id, wanted, maker));
  return reports;
}

std::vector<KnobReport> restore_all(Journal& journal, const KnobMaker& maker) {
  return apply_plan(journal, {}, maker);
}

}  // namespace ebb

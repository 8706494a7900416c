// SPDX-License-Identifier: GPL-2.0-or-later
// Journal: every knob's original value, on disk before the knob's first write.
// One JSON file, replaced whole; it carries the boot id and a checksum.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ebb {

struct JournalEntry {
  std::string id;        // Knob::id
  std::string identity;  // Knob::identity
  std::string original;  // as read before the first write
  std::string wanted;    // what we wrote
  std::string readback;  // what the kernel answered after our write; empty: the write was not confirmed
};

class Journal {
 public:
  // Reads `path`, if it is there. A journal of another boot is empty: nothing of ours survived.
  // A damaged journal is an error that names the file; it is never overwritten.
  static Result<Journal> open(std::string path);

  const std::vector<JournalEntry>& entries() const { return entries_; }
  const JournalEntry* find(const std::string& id) const;
  Status put(JournalEntry entry);        // adds or replaces; synced before it returns
  Status remove(const std::string& id);  // an empty journal is no file

 private:
  std::string path_;
  std::vector<JournalEntry> entries_;
  Status save(std::vector<JournalEntry> entries);  // makes them the journal's, once they are on disk
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "act/journal.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/file.hpp"

namespace ebb {
namespace {

using nlohmann::json;

constexpr int version = 1;
constexpr std::size_t max_bytes = 4 << 20;  // some 10,000 knobs

constexpr std::pair<const char*, std::string JournalEntry::*> fields[] = {
    {"id", &JournalEntry::id},
    {"identity", &JournalEntry::identity},
    {"original", &JournalEntry::original},
    {"wanted", &JournalEntry::wanted},
    {"readback", &JournalEntry::readback},
};

Result<std::string> boot_id() { return read_file("/proc/sys/kernel/random/boot_id"); }

// Over the boot id too: were it damaged, the originals would pass for another boot's. Throws on text that is
// not UTF-8.
std::uint32_t checksum(const std::string& boot, const json& knobs) {
  const std::string text = boot + knobs.dump();
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

bool parse_entry(const json& item, JournalEntry& entry) {
  if (!item.is_object()) return false;
  for (const auto& [name, field] : fields) {
    const auto found = item.find(name);
    if (found == item.end() || !found->is_string()) return false;
    entry.*field = found->get<std::string>();
  }
  return true;
}

// Nothing, if `text` is not a whole journal.
std::optional<std::pair<std::string, std::vector<JournalEntry>>> parse_journal(const std::string& text) {
  const json top = json::parse(text, nullptr, false);
  if (!top.is_object() || top.value("version", json()) != version) return {};
  const auto boot = top.find("boot_id");
  const auto sum = top.find("checksum");
  const auto knobs = top.find("knobs");
  if (boot == top.end() || !boot->is_string() || sum == top.end() || !sum->is_number_unsigned() ||
      knobs == top.end() || !knobs->is_array())
    return {};
  if (*sum != checksum(boot->get<std::string>(), *knobs)) return {};
  std::vector<JournalEntry> entries(knobs->size());
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (!parse_entry((*knobs)[i], entries[i])) return {};
  return std::pair(boot->get<std::string>(), std::move(entries));
}

}  // namespace

Result<Journal> Journal::open(std::string path) {
  Journal journal;
  journal.path_ = std::move(path);
  // O_NONBLOCK: somebody's FIFO must not hold the agent.
  const auto text = read_file(journal.path_, max_bytes, O_NOFOLLOW | O_NONBLOCK);
  if (!text && text.error().number == ENOENT) return journal;
  if (!text) return fail(text.error().what, "the journal must be a plain file that only root can change");
  auto parsed = parse_journal(*text);
  if (!parsed)
    return fail("the journal " + journal.path_ + " is damaged",
                "look at the originals in it, set them by hand, then remove the file; or reboot");
  const auto boot = boot_id();
  if (!boot) return tl::unexpected(boot.error());
  if (parsed->first == *boot) journal.entries_ = std::move(parsed->second);
  return journal;
}

const JournalEntry* Journal::find(const std::string& id) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const JournalEntry& entry) { return entry.id == id; });
  return found == entries_.end() ? nullptr : &*found;
}

Status Journal::put(JournalEntry entry) {
  auto entries = entries_;
  const auto same =
      std::find_if(entries.begin(), entries.end(), [&](const auto& old) { return old.id == entry.id; });
  if (same == entries.end())
    entries.push_back(std::move(entry));
  else
    *same = std::move(entry);
  return save(std::move(entries));
}

Status Journal::remove(const std::string& id) {
  auto entries = entries_;
  std::erase_if(entries, [&](const JournalEntry& entry) { return entry.id == id; });
  return save(std::move(entries));
}

Status Journal::save(std::vector<JournalEntry> entries) {
  if (entries.empty()) {
    if (unlink(path_.c_str()) != 0 && errno != ENOENT) return fail_errno("cannot remove " + path_, errno);
    entries_.clear();
    return {};
  }
  const auto boot = boot_id();
  if (!boot) return tl::unexpected(boot.error());
  json knobs = json::array();
  for (const auto& entry : entries) {
    json item = json::object();
    for (const auto& [name, field] : fields) item[name] = entry.*field;
    knobs.push_back(std::move(item));
  }
  std::string text;
  try {
    const auto sum = checksum(*boot, knobs);
    text =
        json{{"version", version}, {"boot_id", *boot}, {"checksum", sum}, {"knobs", std::move(knobs)}}.dump();
  } catch (const json::exception&) {
    return fail("a value that is not UTF-8 text cannot be journalled");
  }
  if (text.size() >= max_bytes) return fail("the journal " + path_ + " would grow above 4 MiB");
  if (auto replaced = replace_file(path_, text + "\n"); !replaced) return replaced;
  entries_ = std::move(entries);
  return {};
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/tree.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/file.hpp"
#include "sense/asked.hpp"
#include "sense/replay.hpp"

namespace ebb {
namespace {

// Of the 1,024 that a service may open by default. What does not fit is opened at every read.
constexpr std::size_t most_files = 384;

bool below(const std::string& path, const std::string& folder) {
  return folder.empty() ||
         (path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/'));
}

template <typename Value>
void erase_below(std::map<std::string, Value>& map, const std::string& folder) {
  std::erase_if(map, [&](const auto& item) { return below(item.first, folder); });
}

}  // namespace

FileTree::FileTree(const std::string& root) : root_(root.substr(0, root.find_last_not_of('/') + 1)) {}

void FileTree::forget(const std::string& folder) {
  erase_below(files_, folder);
  erase_below(texts_, folder);
  erase_below(lists_, folder);
}

Result<std::string> FileTree::read(const std::string& path) {
  if (live() && is_asked(path)) return ask(path);
  return keeping_ ? read_kept(path) : read_file(where(path), longest_file);
}

Result<std::string> FileTree::fixed(const std::string& path) {
  if (!keeping_) return read(path);
  if (const auto known = texts_.find(path); known != texts_.end()) return known->second;
  const auto text = live() && is_asked(path) ? ask(path) : read_file(where(path), longest_file);
  return texts_.emplace(path, text).first->second;
}

Result<std::string> FileTree::read_kept(const std::string& path) {
  auto file = files_.find(path);
  if (file == files_.end()) {
    if (files_.size() >= most_files) return read_file(where(path), longest_file);
    Fd fd(open(where(path).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno != ENOENT) return fail_errno("cannot read " + where(path), errno);
    file = files_.emplace(path, std::move(fd)).first;
  }
  if (!file->second) return fail_errno("cannot read " + where(path), ENOENT);
  auto text = read_again(file->second.get(), longest_file);
  if (text) return text;
  files_.erase(file);
  if (text.error().number == ENODEV) forget(path.substr(0, path.rfind('/')));  // the device is gone
  return fail_errno("cannot read " + where(path), text.error().number);
}

std::vector<std::string> FileTree::list(const std::string& folder) {
  if (const auto known = lists_.find(folder); known != lists_.end()) return known->second;
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(where(folder).c_str()), closedir);
  while (const dirent* entry = dir ? readdir(dir.get()) : nullptr)
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) < 0; });
  if (keeping_) lists_[folder] = names;
  return names;
}

Result<std::unique_ptr<Tree>> open_tree(const std::string& root) {
  if (!is_record(root)) return std::make_unique<FileTree>(root);
  auto replay = Replay::open(root);
  if (!replay) return tl::unexpected(replay.error());
  return std::move(*replay);
}

}  // namespace ebb

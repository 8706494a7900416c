// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/replay.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/file.hpp"

namespace ebb {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

}  // namespace

bool is_record(const std::string& folder) {
  std::error_code error;
  return !folder.empty() && fs::is_regular_file(folder + "/" + changes_file, error);
}

Result<std::unique_ptr<Replay>> Replay::open(const std::string& folder) {
  std::unique_ptr<Replay> out(new Replay);
  out->folder_ = folder.substr(0, folder.find_last_not_of('/') + 1);
  std::error_code error;
  for (fs::recursive_directory_iterator it(out->folder_, error), end; !error && it != end;
       it.increment(error))
    if (it->is_regular_file())
      if (auto text = read_file(it->path(), longest_file))
        out->files_[it->path().string().substr(out->folder_.size())] = std::move(*text);
  if (error) return fail_errno("cannot read " + folder, error.value());
  const std::string file = out->folder_ + "/" + changes_file;
  out->changes_.open(file);
  if (!out->changes_) return fail_errno("cannot read " + file, errno);
  out->look_ahead();
  if (!out->failure_) return tl::unexpected(out->failure_.error());
  return out;
}

void Replay::look_ahead() {
  const std::chrono::milliseconds last = next_ ? next_->at : std::chrono::milliseconds{0};
  next_.reset();
  std::string line;
  if (!std::getline(changes_, line)) return;
  ++line_;
  const auto bad = [&](const std::string& why) {
    failure_ = fail(folder_ + "/" + changes_file + ":" + std::to_string(line_) + ": " + why,
                    R"(a line is {"at": 5000, "path": "/sys/...", "text": "0"})");
  };
  const json read = json::parse(line, nullptr, false);
  if (!read.is_object() || !read.contains("at") || !read["at"].is_number_unsigned())
    return bad("expected an object with the time \"at\" in milliseconds");
  Change change{std::chrono::milliseconds(read["at"].get<std::uint32_t>()), "", {}};
  if (read["at"].get<std::uint64_t>() > UINT32_MAX) return bad("the time is later than 49 days");
  if (change.at < last) return bad("the time goes back");
  if (read.contains("path")) {
    if (!read["path"].is_string() || !read.contains("text") ||
        !(read["text"].is_string() || read["text"].is_null()))
      return bad("expected \"path\" and \"text\", a string or null");
    change.path = read["path"];
    if (read["text"].is_string()) change.text = read["text"];
  }
  next_ = std::move(change);
}

void Replay::move_to(std::chrono::milliseconds now) {
  if (!begin_) begin_ = now;
  at_ = now - *begin_;
  while (next_ && next_->at <= *at_) {
    if (next_->text)
      files_[next_->path] = *next_->text;
    else
      files_.erase(next_->path);
    look_ahead();
  }
}

Result<std::string> Replay::read(const std::string& path) {
  const auto file = files_.find(path);
  if (file == files_.end()) return fail_errno("cannot read " + where(path), ENOENT);
  return file->second;
}

std::vector<std::string> Replay::list(const std::string& folder) {
  std::vector<std::string> names;
  const std::string prefix = folder + "/";
  for (auto it = files_.lower_bound(prefix); it != files_.end() && it->first.starts_with(prefix); ++it) {
    const std::string name =
        it->first.substr(prefix.size(), it->first.find('/', prefix.size()) - prefix.size());
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) < 0; });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace ebb

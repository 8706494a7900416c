// SPDX-License-Identifier: GPL-2.0-or-later
// The main file and its conf.d.
#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/file.hpp"
#include "config/parts.hpp"

namespace ebb {
namespace {

namespace fs = std::filesystem;

constexpr const char* permissions = "run as root, or look at the permissions of the file and its folders";

Result<std::vector<std::string>> list_files(const std::string& path) {
  std::vector<std::string> files = {path};
  const fs::path folder = fs::path(path).parent_path() / "conf.d";
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (name.ends_with(".toml") && !name.starts_with('.')) files.push_back(it->path());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail("cannot list " + folder.string() + ": " + error.message(), permissions, exit_usage);
  std::sort(files.begin() + 1, files.end());
  return files;
}

Result<std::string> read_whole(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    return fail(path + " is a directory", "name a file, such as " + path + "/agent.toml", exit_usage);
  auto text = read_file(path, conf::max_file_bytes + 1);
  if (text) return text;
  return fail(text.error().what, permissions, exit_usage);
}

}  // namespace

std::vector<std::string> config_files(const std::string& path) {
  return list_files(path).value_or(std::vector<std::string>{path});
}

Result<Config> load_config(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error) && !error)
    return fail("there is no configuration file " + path,
                "name one with --config FILE; an example to copy is " EBB_EXAMPLES "/agent.toml", exit_usage);
  const auto names = list_files(path);
  if (!names) return tl::unexpected(names.error());
  std::vector<conf::File> files;
  for (const std::string& name : *names) {
    auto text = read_whole(name);
    if (!text) return tl::unexpected(text.error());
    files.push_back({name, std::move(*text)});
  }
  return conf::read_files(files);
}

}  // namespace ebb

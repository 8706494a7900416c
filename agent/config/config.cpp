// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/config.hpp"

#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/file.hpp"
#include "config/parts.hpp"

namespace ebb {
namespace conf {
namespace {

using namespace std::chrono_literals;

std::string read_interface(Reader& in, const Value& value) {
  const std::string what = "the name of a network interface";
  const std::string name = text_of(value);
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == ".." || !printable ||
      name.find_first_of("/:*") != std::string::npos)
    in.expected(value, what,
                "1 to 15 characters without spaces, '/' and ':'; no patterns: name each interface (ip link "
                "lists them)");
  return name;
}

template <typename T>
void add_once(Reader& in, const Value& value, std::vector<T>& list, T item) {
  if (std::find(list.begin(), list.end(), item) != list.end())
    in.fail(value.at, "this value stands in the list twice", "remove one");
  list.push_back(std::move(item));
}

}  // namespace

void read_agent(Reader& in, const Value& table, Config& config) {
  in.table(table,
           {{"interfaces",
             [&](const Value& list) {
               in.each(list,
                       [&](const Value& v) { add_once(in, v, config.interfaces, read_interface(in, v)); });
             }},
            {"interval",
             [&](const Value& v) { config.interval = read_duration(in, v, 100ms, 1h, "100ms to 1h"); }},
            {"enforcement",
             [&](const Value& v) {
               config.enforcement = static_cast<Enforcement>(in.word(v, enforcement_words));
             }},
            {"management_ports", [&](const Value& list) {
               config.management_ports.clear();
               in.each(list, [&](const Value& v) {
                 const auto port = in.integer(v, "a port from 1 to 65535", 1, 65535);
                 add_once(in, v, config.management_ports, static_cast<std::uint16_t>(port));
               });
             }}});
}

}  // namespace conf

Result<Config> parse_config(const std::string& text, const std::string& name) {
  const auto document = conf::parse_toml(text, name);
  if (!document) return tl::unexpected(document.error());
  conf::Reader in(name);
  Config config;
  conf::Place agent;
  in.table(*document, {{"agent",
                        [&](const conf::Value& v) {
                          agent = v.at;
                          conf::read_agent(in, v, config);
                        }},
                       {"state", [&](const conf::Value& v) { conf::read_states(in, v, config.states); }},
                       {"class", [&](const conf::Value& list) {
                          in.each(list,
                                  [&](const conf::Value& v) { conf::read_class(in, v, config.classes); });
                        }}});
  if (config.interfaces.empty())
    in.fail(agent, "[agent] names no interfaces", "add under [agent]: interfaces = [\"eth0\"]");
  if (in.error()) return tl::unexpected(*in.error());
  return config;
}

Result<Config> load_config(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return fail(path + " is a directory", "name a file, such as " + path + "/agent.toml", exit_usage);
  const auto text = read_file(path, conf::max_file_bytes + 1);
  if (text) return parse_config(*text, path);
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT)
    return fail("there is no configuration file " + path,
                "name one with --config FILE; an example to copy is /usr/lib/ebb/agent.toml", exit_usage);
  return fail(text.error().what, "run as root, or look at the permissions of the file and its folders",
              exit_usage);
}

}  // namespace ebb

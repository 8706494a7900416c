// SPDX-License-Identifier: GPL-2.0-or-later
// [agent]
#include <net/if.h>

#include <algorithm>

#include "config/parts.hpp"

namespace ebb::conf {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_interface_name = IFNAMSIZ - 1;
constexpr std::size_t max_pattern = 255;

// The least number of characters that a pattern of fnmatch(3) matches; nothing: a bracket stays open.
std::optional<std::size_t> least_length(std::string_view pattern) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') continue;
    ++length;
    if (pattern[i] != '[') continue;
    i += pattern.substr(i + 1).starts_with('!') ? 2 : 1;  // behind the first member, which may be ']'
    i = pattern.find(']', i + 1);
    if (i == std::string_view::npos) return std::nullopt;
  }
  return length;
}

std::string read_interface(Reader& in, const Value& value) {
  const std::string name = text_of(value);
  const bool pattern = name.find_first_of("*?[") != std::string::npos;
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (name.empty() || name.size() > (pattern ? max_pattern : max_interface_name) || name == "." ||
      name == ".." || !printable || name.find_first_of("/:\\") != std::string::npos) {
    in.expected(
        value, R"(the name of a network interface, a pattern such as "eth*", or "auto")",
        "names have 1 to 15 characters without spaces, '/', ':' and '\\' (ip link lists them); \"auto\": "
        "those that carry a default route");
    return name;
  }
  const auto least = least_length(name);
  if (pattern && (!least || *least > max_interface_name))
    in.fail(value.at,
            "the pattern " + in_quotes(name) + (least ? " matches no name" : " has an open bracket"),
            least ? "names have at most 15 characters" : "close it, as in \"eth[0-3]\"");
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
               config.interfaces.clear();
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

}  // namespace ebb::conf

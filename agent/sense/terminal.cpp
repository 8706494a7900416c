// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/terminal.hpp"

#include <filesystem>

#include "base/file.hpp"

namespace ebb {
namespace {

namespace fs = std::filesystem;

constexpr int max_stack = 8;  // interfaces on one another: VLAN over bond and the like

// DEVTYPE of the interface's uevent: "bridge", "vlan", "bond", ...; "" for a plain one.
std::string device_type(const std::string& interface) {
  const auto text = read_file("/sys/class/net/" + interface + "/uevent");
  if (!text) return "unknown";
  const auto at = text->find("DEVTYPE=");
  if (at == std::string::npos) return "";
  return text->substr(at + 8, text->find('\n', at) - at - 8);
}

std::optional<std::string> forwards(const std::string& interface, const char* family, const char* word) {
  const auto value = read_file(std::string("/proc/sys/net/") + family + "/conf/" + interface + "/forwarding");
  if (!value) {
    if (value.error().number == ENOENT)
      return std::nullopt;  // the kernel or the interface has no such family
    return std::string("cannot read whether it forwards ") + word;
  }
  if (*value == "0") return std::nullopt;
  return std::string("forwards ") + word;
}

std::optional<std::string> check(const std::string& interface, int depth) {
  if (depth > max_stack) return "has too many interfaces on top of it";
  if (auto why = forwards(interface, "ipv4", "IPv4")) return why;
  for (const auto& scope :
       {std::string("all"), interface})  // the kernel routes IPv6 by `all`, whatever the interface says
    if (auto why = forwards(scope, "ipv6", "IPv6")) return why;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/class/net/" + interface, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("upper_")) continue;
    const std::string upper = name.substr(6);
    const std::string type = device_type(upper);
    if (type == "bridge") return "is a port of bridge " + upper;
    if (type != "vlan" && type != "bond" && type != "team" && type != "vrf")
      return "carries " + (type.empty() ? "" : type + " ") + upper;
    if (auto why = check(upper, depth + 1)) return upper + " on it " + *why;
  }
  if (error) return "cannot read its upper interfaces";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_not_terminal(const std::string& interface) { return check(interface, 0); }

}  // namespace ebb

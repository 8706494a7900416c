// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/terminal.hpp"

#include <cerrno>
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

std::string forwards(const std::string& interface, const char* family, const char* word) {
  const auto value = read_file(std::string("/proc/sys/net/") + family + "/conf/" + interface + "/forwarding");
  if (!value)  // ENOENT: the kernel or the interface has no such family
    return value.error().number == ENOENT ? "" : std::string("cannot read whether it forwards ") + word;
  return *value == "0" ? "" : std::string("forwards ") + word;
}

std::string forwards(const std::string& interface) {
  auto why = forwards(interface, "ipv4", "IPv4");
  for (const auto& scope :
       {std::string("all"), interface})  // the kernel routes IPv6 by `all`, whatever the interface says
    if (why.empty()) why = forwards(scope, "ipv6", "IPv6");
  return why;
}

void note(std::string& reason, const std::string& text) {
  if (reason.empty()) reason = text;
}

// `prefix`: how to the reader this interface stands on the one that is asked about; "" for that one itself.
void check(const std::string& interface, const std::string& prefix, int depth, Ending& out) {
  if (depth > max_stack) return note(out.shared, "has too many interfaces on top of it");
  if (const auto why = forwards(interface); !why.empty()) note(out.forwards, prefix + why);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/class/net/" + interface, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("upper_")) continue;
    const std::string upper = name.substr(6);
    const std::string type = device_type(upper);
    note(out.uppers, prefix + "carries " + (type.empty() ? "" : type + " ") + upper);
    if (type == "bridge")
      note(out.shared, prefix + "is a port of bridge " + upper);
    else if (type != "vlan" && type != "bond" && type != "team" && type != "vrf")
      note(out.shared, prefix + "carries " + (type.empty() ? "" : type + " ") + upper);
    else
      check(upper, upper + " on it ", depth + 1, out);
  }
  if (error) note(out.shared, prefix + "cannot read its upper interfaces");
}

}  // namespace

Ending read_ending(const std::string& interface) {
  Ending out;
  check(interface, "", 0, out);
  return out;
}

}  // namespace ebb

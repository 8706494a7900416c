// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/answering.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/file.hpp"

namespace ebb {
namespace {

class Settings {
 public:
  Settings(const std::string& root, const std::string& interface)
      : root_(root + "/proc/sys/net/"), interface_(interface) {}

  std::optional<std::uint64_t> number(const std::string& key) const {
    const auto text = read_file(root_ + key);
    const auto value = text ? parse_number(*text) : fail("");
    return value ? std::optional(*value) : std::nullopt;
  }
  // The larger of what is set for all interfaces and for this one: how the kernel reads these keys.
  std::optional<std::uint64_t> largest(const std::string& key) const {
    const auto all = number("ipv4/conf/all/" + key), mine = number("ipv4/conf/" + interface_ + "/" + key);
    return all && mine ? std::optional(std::max(*all, *mine)) : std::nullopt;
  }
  bool is_zero(const std::string& key) const { return number(key) == 0U; }

 private:
  std::string root_;
  std::string interface_;
};

// 1 and 3 refuse what the hook never answers: addresses of other interfaces, and those of host scope.
bool answers_arp(std::optional<std::uint64_t> arp_ignore) {
  return arp_ignore == 0U || arp_ignore == 1U || arp_ignore == 3U;
}

}  // namespace

Answering read_answering(const Link& link, const PacketFilters& filters, const std::string& root) {
  const Settings settings(root, link.name);
  Answering out;
  const auto decide = [&out](const char* request, std::string why) {
    if (!why.empty()) out.why += (out.why.empty() ? "" : "; ") + std::string(request) + ": " + why;
    return why.empty();
  };
  // A strict filter drops requests whose sender is reached through another interface; the hook knows no
  // routes.
  const std::string strict =
      settings.largest("rp_filter") == 1U ? "net.ipv4.conf.*.rp_filter is 1 (strict)" : "";

  if (!link.resolves())
    decide("ARP, ND", "the interface has no address resolution");
  else {
    out.arp = decide("ARP", !answers_arp(settings.largest("arp_ignore")) ? "net.ipv4.conf.*.arp_ignore"
                            : settings.largest("arp_filter") != std::uint64_t{0}
                                ? "net.ipv4.conf.*.arp_filter is not 0"
                            : !strict.empty() ? strict
                                              : filters.arp);
    out.neighbour = decide("ND", filters.ipv6);
  }
  out.echo4 = decide("echo", !settings.is_zero("ipv4/icmp_echo_ignore_all") ? "net.ipv4.icmp_echo_ignore_all"
                             : !strict.empty()                              ? strict
                                                                            : filters.ipv4);
  out.echo6 = decide("echo6", !settings.is_zero("ipv6/icmp/echo_ignore_all") ? "net.ipv6.icmp.echo_ignore_all"
                                                                             : filters.ipv6);
  out.router = settings.number("ipv6/conf/" + link.name + "/forwarding").value_or(0) != 0;
  return out;
}

}  // namespace ebb

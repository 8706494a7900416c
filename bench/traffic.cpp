// SPDX-License-Identifier: GPL-2.0-or-later
#include "traffic.hpp"

#include <arpa/inet.h>

#include <array>
#include <cerrno>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>

namespace ebb::bench {

std::string node_rules(unsigned count) {
  static constexpr std::array shapes = {
      R"({{ proto = "udp", dport = [{0}], src = ["172.16.{1}.0/24"], dst = ["192.0.2.0/24"] }})",
      R"({{ proto = "tcp", dport = ["{0}-{2}"], src = ["10.{1}.0.0/16"], dst = ["198.51.100.{1}/32"] }})",
      R"({{ proto = "udp", sport = [{0}], src = ["2001:db8:{1}::/48"], dst = ["2001:db8:fffe::/48"] }})",
      R"({{ proto = "udp", sport = ["{0}-{2}"], dport = ["1-1023"], dst = ["192.0.2.{1}/32"], length = ["40-1200"] }})",
      R"({{ proto = "tcp", sport = [443], dport = ["{0}-{2}"], src = ["203.0.113.{1}/32"], tcp_flags = ["psh,!urg"] }})",
      R"({{ proto = "udp", dport = [{0}], delivery = ["broadcast", "multicast"], dscp = ["cs1"] }})",
      R"({{ proto = "udp", dport = ["{0}-{2}"], vlan = [{1}], to = "us" }})",
  };
  std::string text;
  for (unsigned first = 0; first + 1 < count; first += 8) {
    text += fmt::format("[[class]]\nname = \"class-{}\"\nkind = \"background\"\nmatch = [\n", first / 8);
    for (unsigned rule = first; rule < first + 8 && rule + 1 < count; ++rule)
      text += "  " +
              fmt::format(fmt::runtime(shapes[rule % shapes.size()]), 7000 + rule * 50, rule,
                          7000 + rule * 50 + 20) +
              ",\n";
    text += "]\ntreat = { power-saver = [\"drop\"] }\n";
  }
  // The last rule stands, for every packet, until the last address table has been read.
  return text + last_rule(R"(src = ["10.0.0.0/8"], dst = ["198.18.0.0/15"], length = ["64-1500"])");
}

// The last rule accepts every packet in every table, and fails at the very last step: the destination is not
// ours.
std::string node_fields(unsigned count) {
  return node_rules(count - 1) +
         last_rule(
             R"(src = ["10.0.0.0/8"], dst = ["192.0.2.0/24"], length = ["64-1500"], dscp = ["0-10"], to = "us")",
             "fields");
}

std::string last_rule(const std::string& condition, const std::string& name) {
  return "[[class]]\nname = \"" + name + "\"\nkind = \"bulk\"\nmatch = [{ proto = [\"udp\", \"tcp\"], " +
         condition + " }]\ntreat = { critical = [\"drop\"] }\n";
}

std::string treat_udp(const std::string& treatment) {
  return fmt::format(
      "[[class]]\nname = \"udp\"\nkind = \"background\"\nprefix_safe = true\n"
      "match = [{{ proto = \"udp\" }}]\ntreat = {{ power-saver = [\"{}\"] }}\n",
      treatment);
}

Status fill_xdp_filter(bpf_object* filter) {
  // Flags of xdp-filter 1.3: source 1, destination 2, TCP 4, UDP 8. Ports below 1024 occur in no packet.
  const std::vector<std::uint64_t> either(static_cast<std::size_t>(libbpf_num_possible_cpus()), 3),
      all(either.size(), 15);
  for (unsigned i = 0; i < 64; ++i) {
    const std::uint32_t port = htons(static_cast<std::uint16_t>(1 + i));
    const std::uint32_t ipv4 = htonl(0xcb007100 | i);  // 203.0.113.0/24
    const std::array<std::uint32_t, 4> ipv6{htonl(0x20010db9), 0, 0, htonl(i)};
    const std::array<std::uint8_t, 6> mac{2, 0xeb, 0xb0, 0, 0, static_cast<std::uint8_t>(i)};
    struct Entry {
      const char* map;
      const void* key;
      const std::uint64_t* flags;
    };
    for (const auto& e :
         {Entry{"filter_ports", &port, all.data()}, Entry{"filter_ipv4", &ipv4, either.data()},
          Entry{"filter_ipv6", ipv6.data(), either.data()},
          Entry{"filter_ethernet", mac.data(), either.data()}}) {
      const int fd = bpf_object__find_map_fd_by_name(filter, e.map);
      if (fd < 0 || bpf_map_update_elem(fd, e.key, e.flags, BPF_ANY) != 0)
        return fail_errno(fmt::format("cannot fill xdp-filter's {}", e.map), errno);
    }
  }
  return {};
}

}  // namespace ebb::bench

// SPDX-License-Identifier: GPL-2.0-or-later
// Builds frames for tests. Lengths and checksums come out right; a test that wants them wrong edits the
// bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ebb::test {

using Bytes = std::vector<std::uint8_t>;
using Mac = std::array<std::uint8_t, 6>;

inline constexpr Mac mac_us{2, 0, 0, 0, 0, 1};
inline constexpr Mac mac_us_too{2, 0, 0, 0, 1, 1};  // of another interface; ends alike
inline constexpr Mac mac_peer{2, 0, 0, 0, 0, 2};
inline constexpr Mac mac_multicast{1, 0, 0x5e, 0, 0, 0xfb};
inline constexpr Mac mac_broadcast{255, 255, 255, 255, 255, 255};

// TCP flags
inline constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10, urg = 0x20;

// A frame, described from the outside in. The default is an empty Ethernet frame from the peer to us.
class Packet {
 public:
  Packet& to(Mac mac);
  Packet& from(Mac mac);
  Packet& vlan(std::uint16_t id, std::uint16_t tpid = 0x8100);  // each call adds one tag inside the last
  Packet& ethertype(std::uint16_t value);  // of a frame without IP; its body is the payload
  Packet& arp();                           // a whole request
  Packet& ipv4(const std::string& src = "192.0.2.1", const std::string& dst = "198.51.100.7");
  Packet& ipv6(const std::string& src = "2001:db8::1", const std::string& dst = "2001:db8:7::7");
  Packet& addresses(const std::array<std::uint8_t, 16>& src, const std::array<std::uint8_t, 16>& dst);
  Packet& dscp(std::uint8_t value);              // the two bits beside it are set
  Packet& hops(std::uint8_t limit);              // IPv6's name for the time to live
  Packet& options(std::size_t size);             // IPv4; a multiple of 4
  Packet& router_alert();                        // in IPv4 an option, in IPv6 a hop-by-hop header
  Packet& fragment(unsigned offset, bool more);  // 8-byte units; in IPv6 a fragment header
  Packet& extension(std::uint8_t type, std::size_t size = 8);  // IPv6; a multiple of 8 (AH, 51: of 4)
  Packet& udp(std::uint16_t sport, std::uint16_t dport);
  Packet& tcp(std::uint16_t sport, std::uint16_t dport, std::uint8_t flags = ack, unsigned words = 5);
  // ICMPv6 in an IPv6 packet. `rest`: the second word of the header.
  Packet& icmp(std::uint8_t type, std::uint8_t code = 0, std::uint32_t rest = 0x00070001);
  Packet& proto(std::uint8_t number);  // any other protocol, no header of its own
  Packet& data(Bytes bytes);           // behind the L4 header (or the Ethernet one), before the payload
  // Byte i does not depend on the size: a shorter payload is a prefix of a longer.
  Packet& payload(std::size_t size);
  Packet& pad(std::size_t size);        // bytes behind the L3 length
  Packet& check(std::uint16_t stored);  // this UDP checksum instead of the right one

  Bytes bytes() const;
  std::size_t l3() const { return 14 + tags_.size(); }  // offsets of the headers in the frame
  std::size_t l4() const;

 private:
  Bytes segment() const;       // L4 header and payload, checksum zero
  void seal(Bytes& l4) const;  // writes its checksum

  Mac to_ = mac_us, from_ = mac_peer;
  Bytes tags_;  // each: TPID, TCI
  std::uint16_t ethertype_ = 0;
  int version_ = 0;  // 4, 6 or 0
  std::array<std::uint8_t, 16> src_{}, dst_{};
  std::uint8_t traffic_class_ = 0, hops_ = 64;
  Bytes options_;
  std::uint16_t fragment_ = 0;  // IPv4 flags and offset
  std::uint8_t proto_ = 59;
  struct Extension {
    std::uint8_t type;
    Bytes bytes;  // the first byte (next header) is filled in by bytes()
  };
  std::vector<Extension> extensions_;
  Bytes header_;  // L4
  Bytes data_;
  std::size_t payload_ = 0, pad_ = 0;
  std::optional<std::uint16_t> check_;
};

// The Internet checksum (RFC 1071) of `data`; `seed` is an unfolded sum of other 16-bit words.
std::uint16_t internet_checksum(std::span<const std::uint8_t> data, std::uint64_t seed = 0);

// Unfolded sum of the pseudo header of an IP packet's L4 part.
std::uint64_t pseudo_header(std::span<const std::uint8_t> addresses, std::uint8_t proto, std::size_t l4_size);

std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at);
void put16(Bytes& bytes, std::size_t at, std::uint16_t value);

// Network-order address bytes; IPv4 uses the first 4. Ends the test program on bad text.
std::array<std::uint8_t, 16> address(const std::string& text);

}  // namespace ebb::test

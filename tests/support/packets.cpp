// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/packets.hpp"

#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace ebb::test {
namespace {

constexpr std::uint8_t high(std::size_t v) { return static_cast<std::uint8_t>(v >> 8); }
constexpr std::uint8_t low(std::size_t v) { return static_cast<std::uint8_t>(v); }

void append(Bytes& to, std::span<const std::uint8_t> from) { to.insert(to.end(), from.begin(), from.end()); }

std::uint64_t sum16(std::span<const std::uint8_t> data) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) sum += static_cast<std::uint64_t>(data[i]) << (i % 2 ? 0 : 8);
  return sum;
}

}  // namespace

std::uint16_t internet_checksum(std::span<const std::uint8_t> data, std::uint64_t seed) {
  std::uint64_t sum = seed + sum16(data);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint64_t pseudo_header(std::span<const std::uint8_t> addresses, std::uint8_t proto,
                            std::size_t l4_size) {
  return sum16(addresses) + proto + l4_size;
}

std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put16(Bytes& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = high(value);
  bytes[at + 1] = low(value);
}

std::array<std::uint8_t, 16> address(const std::string& text) {
  std::array<std::uint8_t, 16> out{};
  const bool ipv6 = text.find(':') != std::string::npos;
  if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text.c_str(), out.data()) != 1) {
    std::fprintf(stderr, "not an address: %s\n", text.c_str());
    std::abort();
  }
  return out;
}

Packet& Packet::to(Mac mac) { return to_ = mac, *this; }
Packet& Packet::from(Mac mac) { return from_ = mac, *this; }
Packet& Packet::dscp(std::uint8_t value) { return traffic_class_ = low(value << 2 | 3), *this; }
Packet& Packet::hops(std::uint8_t limit) { return hops_ = limit, *this; }
Packet& Packet::options(std::size_t size) { return options_.assign(size, 1), *this; }
Packet& Packet::data(Bytes bytes) { return data_ = std::move(bytes), *this; }
Packet& Packet::proto(std::uint8_t number) { return proto_ = number, *this; }
Packet& Packet::payload(std::size_t size) { return payload_ = size, *this; }
Packet& Packet::pad(std::size_t size) { return pad_ = size, *this; }
Packet& Packet::check(std::uint16_t stored) { return check_ = stored, *this; }
Packet& Packet::ethertype(std::uint16_t value) { return ethertype_ = value, *this; }

Packet& Packet::vlan(std::uint16_t id, std::uint16_t tpid) {
  const std::uint8_t tag[] = {high(tpid), low(tpid), high(id), low(id)};
  append(tags_, tag);
  return *this;
}

Packet& Packet::arp() {
  header_ = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 198, 51, 100, 7};
  return ethertype(0x0806);
}

Packet& Packet::ipv4(const std::string& src, const std::string& dst) {
  version_ = 4;
  src_ = address(src);
  dst_ = address(dst);
  return ethertype(0x0800);
}

Packet& Packet::ipv6(const std::string& src, const std::string& dst) {
  version_ = 6;
  src_ = address(src);
  dst_ = address(dst);
  return ethertype(0x86dd);
}

Packet& Packet::addresses(const std::array<std::uint8_t, 16>& src, const std::array<std::uint8_t, 16>& dst) {
  src_ = src;
  dst_ = dst;
  return *this;
}

Packet& Packet::fragment(unsigned offset, bool more) {
  if (version_ == 4) {
    fragment_ = static_cast<std::uint16_t>(offset | (more ? 0x2000u : 0u));
  } else {
    const auto field = static_cast<std::uint16_t>(offset << 3 | (more ? 1u : 0u));
    extensions_.push_back({44, {0, 0, high(field), low(field), 0, 0, 0x12, 0x34}});
  }
  return *this;
}

Packet& Packet::extension(std::uint8_t type, std::size_t size) {
  Bytes bytes(size, 0);
  bytes[1] = static_cast<std::uint8_t>(type == 51 ? size / 4 - 2 : size / 8 - 1);
  extensions_.push_back({type, bytes});
  return *this;
}

Packet& Packet::router_alert() {
  if (version_ == 4)
    options_ = {0x94, 4, 0, 0};  // RFC 2113
  else
    extensions_.push_back({0, {0, 0, 5, 2, 0, 0, 1, 0}});  // RFC 2711, and PadN
  return *this;
}

Packet& Packet::udp(std::uint16_t sport, std::uint16_t dport) {
  header_ = {high(sport), low(sport), high(dport), low(dport), 0, 0, 0, 0};
  return proto(17);
}

Packet& Packet::tcp(std::uint16_t sport, std::uint16_t dport, std::uint8_t flags, unsigned words) {
  header_ = {high(sport), low(sport), high(dport),     low(dport), 0, 0, 0, 1, 0, 0,
             0,           2,          low(words << 4), flags,      4, 0, 0, 0, 0, 0};
  header_.resize(words * 4, 1);  // options: no-operation
  return proto(6);
}

Packet& Packet::icmp(std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
  header_ = {type, code, 0, 0, high(rest >> 16), low(rest >> 16), high(rest), low(rest)};
  return proto(version_ == 6 ? 58 : 1);
}

std::size_t Packet::l4() const {
  std::size_t at = l3() + (version_ == 4 ? 20 + options_.size() : version_ == 6 ? 40 : 0);
  for (const Extension& e : extensions_) at += e.bytes.size();
  return at;
}

Bytes Packet::segment() const {
  Bytes out = header_;
  append(out, data_);
  for (std::size_t i = 0; i < payload_; ++i) out.push_back(low(i * 167 + i / 256 + 13));
  if (proto_ == 17 && header_.size() == 8) put16(out, 4, static_cast<std::uint16_t>(out.size()));
  return out;
}

void Packet::seal(Bytes& out) const {
  const std::size_t at = proto_ == 17 ? 6 : proto_ == 6 ? 16 : proto_ == 1 || proto_ == 58 ? 2 : out.size();
  if (header_.size() < at + 2) return;
  const std::size_t bytes = version_ == 4 ? 4 : 16;
  Bytes addresses(src_.begin(), src_.begin() + static_cast<std::ptrdiff_t>(bytes));
  addresses.insert(addresses.end(), dst_.begin(), dst_.begin() + static_cast<std::ptrdiff_t>(bytes));
  std::uint16_t sum = internet_checksum(out, proto_ == 1 ? 0 : pseudo_header(addresses, proto_, out.size()));
  if (proto_ == 17) sum = check_.value_or(sum ? sum : 0xffff);
  put16(out, at, sum);
}

Bytes Packet::bytes() const {
  Bytes out(to_.begin(), to_.end());
  append(out, from_);
  append(out, tags_);
  out.push_back(high(ethertype_));
  out.push_back(low(ethertype_));

  Bytes l4 = segment();
  if (version_) seal(l4);
  if (version_ == 4) {
    const std::size_t total = 20 + options_.size() + l4.size();
    Bytes ip = {low(0x40 | (5 + options_.size() / 4)),
                traffic_class_,
                high(total),
                low(total),
                0x30,
                0x39,
                high(fragment_),
                low(fragment_),
                hops_,
                proto_,
                0,
                0};
    append(ip, std::span(src_).first(4));
    append(ip, std::span(dst_).first(4));
    append(ip, options_);
    put16(ip, 10, internet_checksum(ip));
    append(out, ip);
  } else if (version_ == 6) {
    Bytes chain;
    for (std::size_t i = 0; i < extensions_.size(); ++i) {
      Bytes e = extensions_[i].bytes;
      e[0] = i + 1 < extensions_.size() ? extensions_[i + 1].type : proto_;
      append(chain, e);
    }
    const std::size_t length = chain.size() + l4.size();
    const std::uint8_t first = extensions_.empty() ? proto_ : extensions_[0].type;
    const Bytes ip = {low(0x60 | traffic_class_ >> 4),
                      low(traffic_class_ << 4),
                      0,
                      0,
                      high(length),
                      low(length),
                      first,
                      hops_};
    append(out, ip);
    append(out, src_);
    append(out, dst_);
    append(out, chain);
  }
  append(out, l4);
  out.resize(out.size() + pad_, 0xee);
  return out;
}

}  // namespace ebb::test

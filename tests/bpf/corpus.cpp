// SPDX-License-Identifier: GPL-2.0-or-later
#include "corpus.hpp"

namespace ebb::test {

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes be16(unsigned value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}
Bytes zeros(std::size_t size) { return Bytes(size, 0); }
Bytes bytes_of(const Mac& mac) { return {mac.begin(), mac.end()}; }

Bytes bytes_of(const std::string& text) {
  const auto a = address(text);
  return {a.begin(), a.begin() + (text.find(':') != std::string::npos ? 16 : 4)};
}

void Corpus::add(const std::string& name, const Packet& packet, ebb_reason reason) {
  constexpr std::size_t least = 60;  // bytes of an Ethernet frame without its checksum
  const auto put = [&](const std::string& text, Bytes frame) {
    if (frame.size() < least) frame.resize(least, 0);
    packets_.push_back({text, std::move(frame), reason});
  };
  put(name, packet.bytes());
  const auto tagged = [](Bytes frame, std::initializer_list<std::uint8_t> tag) {
    frame.insert(frame.begin() + 12, tag);
    return frame;
  };
  const Bytes one = tagged(packet.bytes(), {0x81, 0x00, 0x60, 0x07});
  put(name + ", one tag", one);
  put(name + ", two tags", tagged(one, {0x88, 0xa8, 0x0f, 0xfe}));
}

void Corpus::add_ip(const std::string& name, const Packet& packet, bool ipv6, ebb_reason reason) {
  add(name, packet, reason);
  if (ipv6)
    add(name + ", behind extension headers", Packet(packet).extension(0).extension(60, 16).extension(43),
        reason);
  else
    add(name + ", with options", Packet(packet).options(12), reason);
}

std::vector<CorpusPacket> corpus() {
  Corpus all;
  add_link_corpus(all);
  add_control_corpus(all);
  add_services_corpus(all);
  return all.take();
}

}  // namespace ebb::test

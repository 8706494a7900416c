// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/own.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/log.hpp"

namespace ebb {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words words_of(const OwnAddress& address) {
  Words words{};
  std::memcpy(words.data(), address.address.data(), address.ipv6 ? 16 : 4);
  return words;
}

std::size_t set_of(const Words& words) {
  return EBB_ADDRESS_SET(words[0] ^ words[1] ^ words[2] ^ words[3]) % EBB_SETS;
}

Words words_of(const ebb_address& slot) { return {slot.word[0], slot.word[1], slot.word[2], slot.word[3]}; }

bool is_free(const ebb_address& slot) { return words_of(slot) == Words{}; }

bool holds(const ebb_address& slot, const Words& words, int ifindex) {
  return slot.ifindex == static_cast<std::uint32_t>(ifindex) && words_of(slot) == words;
}

template <typename T, typename V>
void store(T& to, V value) {
  __atomic_store_n(&to, static_cast<T>(value), __ATOMIC_RELEASE);
}

std::string text_of(const OwnAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(address.ipv6 ? AF_INET6 : AF_INET, address.address.data(), text, sizeof text);
  return text;
}

template <typename Bytes>
std::array<std::uint8_t, 17> key_of(const Bytes& bytes, std::size_t size) {
  std::array<std::uint8_t, 17> key{static_cast<std::uint8_t>(size)};
  std::copy_n(bytes.begin(), size, key.begin() + 1);
  return key;
}

// A table by the last byte, of some words each: as each is read at once, a slot may be reused at once.
// Returns the indexes of the words that found no room.
template <typename Word, std::size_t Ways>
std::vector<std::size_t> fill_by_last_byte(Word (&table)[256][Ways],
                                           const std::vector<std::pair<std::uint8_t, Word>>& words) {
  Word wanted[256][Ways] = {};
  std::vector<std::size_t> left_out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto [byte, word] = words[i];
    if (word == 0) continue;
    auto& set = wanted[byte];
    std::size_t way = 0;
    while (way < Ways && set[way] != 0 && set[way] != word) ++way;
    if (way < Ways)
      set[way] = word;
    else
      left_out.push_back(i);
  }
  for (std::size_t i = 0; i < 256; ++i)
    for (std::size_t j = 0; j < Ways; ++j)
      if (table[i][j] != wanted[i][j]) store(table[i][j], wanted[i][j]);
  return left_out;
}

}  // namespace

std::uint64_t mac_word(const Mac& mac) {
  std::array<std::uint16_t, 3> word{};
  std::memcpy(word.data(), mac.data(), mac.size());
  return word[0] | std::uint64_t{word[1]} << 16 | std::uint64_t{word[2]} << 32;
}

// Slots that the agent before freed need no ghosts: a policy is published before the first update, after a
// grace period.
OwnTables::OwnTables(const Maps& maps) : maps_(maps) {}

OwnTables::Table OwnTables::table(bool ipv6) const { return ipv6 ? maps_.live().ipv6 : maps_.live().ipv4; }

Result<bool> OwnTables::update(const std::vector<OwnAddress>& addresses, const std::vector<Mac>& macs) {
  update_ipv4(addresses);
  remove_others(addresses);
  update_macs(macs);
  bool wait = false;
  std::vector<OwnAddress> left_out;
  for (const auto& address : addresses) {
    const auto added = add(address);
    wait = wait || added == Added::wait;
    if (added == Added::full) left_out.push_back(address);
  }
  report_left_out(left_out);
  if (!wait) return false;
  if (auto waited = maps_.wait_for_readers(); !waited) return tl::unexpected(waited.error());
  ghosts_ = {};
  return true;
}

// `answer` first: it alone ends the answers, however many words follow.
void OwnTables::remove(bool ipv6, std::size_t set, std::size_t way) {
  auto& slot = table(ipv6)[set][way];
  ghosts_[ipv6][set][way] = slot;
  store(slot.answer, 0);
  for (auto& word : slot.word) store(word, 0);
}

void OwnTables::remove_others(const std::vector<OwnAddress>& addresses) {
  for (const bool ipv6 : {false, true})
    for (std::size_t set = 0; set < EBB_SETS; ++set)
      for (std::size_t way = 0; way < EBB_WAYS; ++way) {
        const auto& slot = table(ipv6)[set][way];
        const bool wanted = std::any_of(addresses.begin(), addresses.end(), [&](const OwnAddress& one) {
          return one.ipv6 == ipv6 && holds(slot, words_of(one), one.ifindex);
        });
        if (!is_free(slot) && !wanted) remove(ipv6, set, way);
      }
}

OwnTables::Added OwnTables::add(const OwnAddress& address) {
  const Words words = words_of(address);
  if (words == Words{}) return Added::yes;  // 0.0.0.0 is nobody
  const std::size_t set = set_of(words);
  auto* ways = table(address.ipv6)[set];
  auto& ghosts = ghosts_[address.ipv6][set];
  std::size_t place = EBB_WAYS;
  bool wait = false;
  for (std::size_t way = 0; way < EBB_WAYS; ++way) {
    if (holds(ways[way], words, address.ifindex)) {
      store(ways[way].answer, address.answer);
      return Added::yes;
    }
    if (!is_free(ways[way])) continue;
    if (holds(ghosts[way], words, address.ifindex)) {
      place = way;  // the very address that was there: whoever still reads the slot sees nothing else
      continue;
    }
    wait = wait || !is_free(ghosts[way]);
    if (is_free(ghosts[way]) && place == EBB_WAYS) place = way;
  }
  if (place == EBB_WAYS) return wait ? Added::wait : Added::full;
  auto& slot = ways[place];
  ghosts[place] = {};
  store(slot.ifindex, address.ifindex);
  for (std::size_t i = words.size(); i-- > 0;) store(slot.word[i], words[i]);
  store(slot.answer, address.answer);
  return Added::yes;
}

void OwnTables::update_ipv4(const std::vector<OwnAddress>& addresses) {
  std::vector<std::pair<std::uint8_t, std::uint32_t>> words;
  std::vector<OwnAddress> ipv4;
  for (const auto& one : addresses) {
    if (one.ipv6) continue;
    words.emplace_back(one.address[3], words_of(one)[0]);
    ipv4.push_back(one);
  }
  std::vector<OwnAddress> left_out;
  for (const auto i : fill_by_last_byte(maps_.live().us_ipv4, words)) left_out.push_back(ipv4[i]);
  report_left_out(left_out);
}

void OwnTables::update_macs(const std::vector<Mac>& macs) {
  std::vector<std::pair<std::uint8_t, __u64>> words;
  for (const auto& mac : macs) words.emplace_back(mac.back(), mac_word(mac));
  store(maps_.live().first_mac, words.empty() ? 0 : words.front().second);
  for (const auto i : fill_by_last_byte(maps_.live().us_mac, words))
    if (left_out_.insert(key_of(macs[i], macs[i].size())).second)
      log_warning({"more than two MAC addresses of ours end in the same byte",
                   "packets to the third and later ones count as not ours: they are only spared"});
}

void OwnTables::report_left_out(const std::vector<OwnAddress>& addresses) {
  for (const auto& address : addresses)
    if (left_out_.insert(key_of(address.address, address.ipv6 ? 16 : 4)).second)
      log_warning({"no room for the own address " + text_of(address),
                   "packets to it count as not ours: they are only spared, and never answered"});
}

}  // namespace ebb

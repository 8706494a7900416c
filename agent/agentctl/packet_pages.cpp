// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/packet_pages.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "agentctl/text.hpp"

namespace ebb {
namespace {

using namespace page;
using nlohmann::json;

const char* tint_of(const std::string& verdict) {
  return verdict == "pass" ? green : verdict == "drop" || verdict == "limit" ? red : yellow;
}

std::string end_words(const json& packet, const char* address, const char* port) {
  std::string words = or_dash(text(packet, address));
  const std::string number = text(packet, port);
  if (number.empty()) return words;
  if (words.find(':') != std::string::npos) words.insert(0, "[").append("]");
  return words.append(":").append(number);
}

// "udp 192.0.2.1:5353 → 224.0.0.251:5353"
std::string endpoints(const json& packet) {
  if (!packet.is_object()) return "not readable";
  const std::string proto = text(packet, "proto");
  if (proto.empty()) {
    std::array<char, 32> words{};
    std::snprintf(words.data(), words.size(), "ethertype 0x%04x",
                  static_cast<unsigned>(number(member(packet, "ethertype")).value_or(0)) & 0xffff);
    return words.data();
  }
  return proto + " " + end_words(packet, "src", "sport") + " → " + end_words(packet, "dst", "dport");
}

std::string age_words(const json& seconds) {
  const auto age = number(seconds);
  if (!age || *age < 0 || *age > 1e9) return "-";
  if (*age >= 60) return human_duration(std::chrono::seconds(static_cast<std::int64_t>(*age)));
  std::array<char, 32> words{};
  std::snprintf(words.data(), words.size(), "%.1f s", *age);
  return words.data();
}

class ExplainPage : public Sheet {
 public:
  using Sheet::Sheet;
  void explanation(const json& one);
  void more(const json& count);

 private:
  void head(const json& one);
  void packet(const json& one);
  void known(const char* label, const json& fact, const char* key);
  void states(const json& list, const std::string& now);
};

void ExplainPage::head(const json& one) {
  const std::string verdict = or_dash(text(one, "verdict"));
  std::string big = shortened(verdict, 12);
  std::ranges::transform(big, big.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const bool would = text(one, "enforcement") == "observe" && verdict != "pass";
  const std::string when =
      (would ? "would be done in " : "in ") + or_dash(text(one, "state")) + (would ? ": Ebb observes" : "");
  const std::string where = or_dash(text(one, "interface")) + " · " + or_dash(text(one, "hook"));
  const std::string told = shortened(when, 44);
  const std::size_t used = 1 + width_of(big) + 2 + width_of(told) + 1;
  line(" " + paint(std::string("1;") + tint_of(verdict), big) + "  " + told + " " +
       paint(dim, right(where, width() - used)));
}

void ExplainPage::packet(const json& one) {
  const json& packet = member(one, "packet");
  if (const auto about = text(one, "about"); !about.empty()) sentence("to the socket", about);
  sentence("packet", endpoints(packet));
  std::vector<std::string> facts;
  const auto fact = [&](const char* before, const char* key, const char* after) {
    if (const auto value = text(packet, key); !value.empty() && value != "cs0")
      facts.push_back(before + value + after);
  };
  fact("", "delivery", "");
  fact("", "length", " bytes of IP");
  facts.push_back("frame of " + or_dash(text(one, "bytes")) + " bytes");
  fact("vlan ", "vlan", "");
  fact("dscp ", "dscp", "");
  fact("flags ", "tcp_flags", "");
  row("", flow(facts, content()), dim);
}

void ExplainPage::known(const char* label, const json& fact, const char* key) {
  const json& value = member(fact, key);
  const std::string words = value.is_null()      ? "not known"
                            : value.is_boolean() ? (value.get<bool>() ? "yes" : "no")
                                                 : text(value);
  const std::string why = text(fact, "why");
  sentence(label, words + (why.empty() ? "" : ": " + why), value.is_null() ? dim : "");
}

void ExplainPage::states(const json& list, const std::string& now) {
  heading("In every power state");
  if (!list.is_array()) return line(" not known");
  constexpr std::size_t verdict_width = 12;
  for (const auto& one : list) {
    const std::string state = text(one, "state"), verdict = or_dash(text(one, "verdict"));
    const std::string label =
        " " + left((state == now ? "▸ " : "  ") + or_dash(state), label_width - 2) + " ";
    std::string start =
        paint(state == now ? bold : "", label) + paint(tint_of(verdict), left(verdict, verdict_width));
    for (const auto& words : wrapped(or_dash(text(one, "why")), content() - verdict_width)) {
      line(start + words);
      start.assign(label_width + verdict_width, ' ');
    }
  }
}

void ExplainPage::explanation(const json& one) {
  head(one);
  packet(one);
  const std::string name = text(one, "class"), kind = text(one, "kind");
  sentence("class", name.empty() ? "none: unclassified" : name + (kind.empty() ? "" : " (" + kind + ")"));
  if (const auto rule = text(one, "rule"); !rule.empty()) row("rule", {shortened_front(rule, content())});
  sentence("treatment", or_dash(text(one, "treatment")));
  sentence("because", or_dash(text(one, "why")));
  const std::string verdict = text(one, "verdict");
  if (const auto shield = text(one, "protected"); !shield.empty() && verdict != "pass")
    sentence("", shield + ": it may be steered and answered, never dropped, trimmed or limited");
  known("listener", member(one, "listener"), "found");
  known("service", member(one, "service"), "name");
  states(member(one, "states"), text(one, "state"));
}

void ExplainPage::more(const json& count) {
  if (const auto left_out = number(count); left_out && *left_out > 0)
    line("\n " + shortened(human_count(*left_out), 20) + " more sockets of this flow are not shown");
}

class DropsPage : public Sheet {
 public:
  using Sheet::Sheet;
  void drops(const json& list);

 private:
  void drop(const json& one);
};

constexpr std::size_t age_width = 12, interface_width = 16, verdict_width = 12;

void DropsPage::drop(const json& one) {
  const bool carried_out = member(one, "carried_out").is_boolean() && member(one, "carried_out").get<bool>();
  const std::string verdict = or_dash(text(one, "verdict"));
  const std::size_t room = width() - 1 - age_width - interface_width - verdict_width;
  std::string start =
      " " + left(age_words(member(one, "age_seconds")), age_width - 1) + " " +
      left(or_dash(text(one, "interface")), interface_width - 1) + " " +
      paint(carried_out ? red : yellow, left((carried_out ? "" : "would ") + verdict, verdict_width - 1)) +
      " ";
  for (const auto& words : wrapped(endpoints(one) + ", " + or_dash(text(one, "bytes")) + " bytes", room)) {
    line(start + words);
    start.assign(width() - room, ' ');
  }
  const std::string name = text(one, "class"), rule = text(one, "rule");
  const std::string why =
      (name.empty() ? "a class that is no more" : name) + " in " + or_dash(text(one, "state"));
  for (const auto& words : wrapped(why, room)) line(start + paint(dim, words));
  line(start + paint(dim, rule.empty() ? shortened("by a policy before this one", room)
                                       : shortened_front(rule, room)));
}

void DropsPage::drops(const json& list) {
  if (!list.is_array() || list.empty()) return line(" nothing was dropped since the maps were made");
  line(paint(dim, " " + left("age", age_width) + left("interface", interface_width) +
                      left("verdict", verdict_width) + "packet, class, rule"));
  for (const auto& one : list) drop(one);
}

}  // namespace

std::string render_explain(const json& reply, const PageStyle& style) {
  ExplainPage page(style);
  const json& list = member(reply, "explanations");
  std::string out;
  if (list.is_array())
    for (const auto& one : list) {
      ExplainPage each(style);
      each.explanation(one);
      out.append(out.empty() ? "" : "\n\n").append(std::move(each).take());
    }
  page.more(member(reply, "more"));
  return out + std::move(page).take();
}

std::string render_drops(const json& reply, const PageStyle& style) {
  DropsPage page(style);
  page.drops(member(reply, "drops"));
  return std::move(page).take();
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/state_page.hpp"

#include <algorithm>

#include "agentctl/text.hpp"

namespace ebb {
namespace {

using namespace page;
using nlohmann::json;

std::string seconds_words(const json& seconds) {
  const auto value = number(seconds);
  if (!value || *value < 0 || *value > 1e9) return "-";
  if (*value < 60) return human_number(*value) + " s";
  return human_duration(std::chrono::seconds(static_cast<std::int64_t>(*value)));
}

// "frequency < 50%: now 62 %, 12 % away"
std::string need_words(const json& need) {
  std::string words = or_dash(text(need, "sensor")) + " " + or_dash(text(need, "wanted")) + ": ";
  const std::string holds = text(need, "holds"), now = or_dash(text(need, "now")), why = text(need, "reason");
  if (holds == "yes") return words + "holds, " + now;
  if (holds != "no") return words + now + (why.empty() ? "" : ", which does not count: " + why);
  words += "now " + now;
  const std::string unit = text(need, "unit");
  const auto away = number(member(need, "away"));
  if (!away) return words;
  if (unit == "kHz") return words + ", " + human_frequency(*away) + " away";
  return words + ", " + human_number(*away) + (unit.empty() ? "" : " " + unit) + " away";
}

class OutlookPage : public Sheet {
 public:
  using Sheet::Sheet;
  void head(const json& reply);
  void leaving(const json& ways);
  void others(const json& prospects);

 private:
  void way(const std::string& label, const json& way);
};

void OutlookPage::head(const json& reply) {
  std::string big = shortened(or_dash(text(reply, "state")), 24);
  std::ranges::transform(big, big.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const auto start = parse_time(text(reply, "since"));
  const std::string since =
      start && *start <= style().now ? "for " + human_duration(style().now - *start) : "";
  const json& reason = member(reply, "reason");
  const std::string about = "tier " + or_dash(text(reason, "tier"));
  const std::size_t used = 1 + width_of(big) + 2 + width_of(since) + 1;
  line(" " + paint(bold, big) + "  " + since + " " + paint(dim, right(about, width() - used)));

  std::string because = or_dash(text(reason, "rule"));
  if (const json& values = member(reason, "values"); values.is_object())
    for (const auto& [name, value] : values.items())
      because += ", " + sanitised(name) + " " + or_dash(text(value));
  sentence("because", because);
  if (const json& waiting = member(reply, "waiting"); waiting.is_object())
    sentence("waiting",
             or_dash(text(waiting, "state")) + ": held back by the dwell time for another " +
                 seconds_words(member(waiting, "seconds")),
             yellow);
  if (const auto why = text(reply, "self_capped"); !why.empty())
    sentence("self-capped", why + ": the load decides, not the frequency", yellow);
  if (const auto why = text(reply, "self_raised"); !why.empty())
    sentence("self-raised", why + ": the machine would be slower", yellow);
  if (const auto flaps = number(member(reply, "flaps")); flaps && *flaps > 0)
    sentence("flaps", human_count(*flaps) + " changes were held back");
}

void OutlookPage::way(const std::string& label, const json& way) {
  std::string words;
  if (const json& needs = member(way, "needs"); needs.is_array())
    for (const auto& need : needs) words += (words.empty() ? "" : "; and ") + need_words(need);
  if (const auto time = number(member(way, "for_seconds")); time && *time > 0) {
    words += "; must hold " + seconds_words(member(way, "for_seconds"));
    const auto left = number(member(way, "remaining_seconds"));
    if (left && *left < *time) words += ", " + human_number(*left) + " s more";
  }
  sentence(label, words);
  std::string note = or_dash(text(way, "rule")) + ", tier " + or_dash(text(way, "tier"));
  if (const json& outranked = member(way, "outranked"); outranked.is_boolean() && outranked.get<bool>())
    note += ": what decides now comes before it";
  sentence("", note, dim);
}

void OutlookPage::leaving(const json& ways) {
  if (!ways.is_array() || ways.empty()) return;
  heading("It ends when one of these holds");
  for (const auto& one : ways) way("", one);
}

void OutlookPage::others(const json& prospects) {
  heading("What another state would need");
  if (!prospects.is_array()) return line(" not known");
  for (const auto& one : prospects) {
    const std::string state = or_dash(text(one, "state"));
    const json& ways = member(one, "ways");
    if (state == "balanced") {
      sentence(state, "that no rule holds and nobody holds another state");
    } else if (!ways.is_array() || ways.empty()) {
      sentence(state, "no rule leads there", dim);
    } else {
      for (std::size_t i = 0; i < ways.size(); ++i) way(i == 0 ? state : "or", ways[i]);
    }
  }
}

}  // namespace

std::string render_outlook(const json& reply, const PageStyle& style) {
  OutlookPage page(style);
  page.head(reply);
  page.leaving(member(reply, "leaving"));
  page.others(member(reply, "others"));
  return std::move(page).take();
}

}  // namespace ebb

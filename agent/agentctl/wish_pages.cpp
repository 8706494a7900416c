// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/wish_pages.hpp"

#include <ctime>
#include <string_view>

#include "agentctl/text.hpp"

namespace ebb {
namespace {

using namespace page;
using nlohmann::json;

class WishPage : public Sheet {
 public:
  using Sheet::Sheet;
  void holds(const json& list);
  void plan(const json& plan);
  void change(const json& one);
};

void WishPage::holds(const json& list) {
  if (!list.is_array() || list.empty()) return line("no holds: the sensors decide");
  line(paint(dim, left("  id", 6) + left("state", 13) + left("left", 13) + left("reason", 20) + "who"));
  for (const auto& one : list) {
    const auto seconds = number(member(one, "seconds_left"));
    const bool first = member(one, "strongest") == true;
    const std::string time =
        (seconds ? human_duration(std::chrono::seconds(static_cast<std::int64_t>(*seconds))) : "-");
    const std::string row = (first ? "* " : "  ") + left(or_dash(text(one, "id")), 4) +
                            left(or_dash(text(one, "state")), 13) + left(time, 13) +
                            left(or_dash(text(one, "reason")), 19) + " " +
                            shortened(or_dash(text(one, "who")), width() - 52);
    line(first ? paint(bold, row) : row);
  }
}

void WishPage::plan(const json& plan) {
  const bool observe = text(plan, "enforcement") == "observe";
  line(" " + paint(bold, or_dash(text(plan, "state")) + ", " + or_dash(text(plan, "mode"))) +
       (observe ? ": what WOULD be written" : ": what is written"));
  const json& list = member(plan, "settings");
  if (!list.is_array() || list.empty()) return line(" nothing: the machine is left alone");
  const std::size_t value_width = 13, id_width = width() - 1 - 2 * (value_width + 2);
  line(paint(dim, " " + left("setting", id_width) + "  " + right("now", value_width) + "  " +
                      right("wanted", value_width)));
  for (const auto& one : list) {
    const std::string now = text(one, "current");
    const std::string row =
        " " + left(shortened_front(or_dash(short_knob(text(one, "id"))), id_width), id_width) + "  " +
        right(or_dash(now), value_width) + "  " + right(or_dash(text(one, "wanted")), value_width);
    line(now == text(one, "wanted") ? paint(dim, row) : row);
    if (const auto why = text(one, "reason"); !why.empty())
      line("   " + paint(dim, shortened(why, width() - 3)));
  }
}

// "16:02:11", of here.
std::string clock_of(const std::string& time) {
  const auto parsed = parse_time(time);
  if (!parsed) return shortened(time, 8);
  const std::time_t seconds = parsed->time_since_epoch().count();
  std::tm local{};
  localtime_r(&seconds, &local);
  char words[16];
  std::strftime(words, sizeof words, "%H:%M:%S", &local);
  return words;
}

void WishPage::change(const json& one) {
  const std::string name = text(one, "name");
  const std::string what = text(one, "what") + (name.empty() ? "" : " " + name);
  const std::string from = text(one, "from"), to = text(one, "to"), why = text(one, "why");
  const std::string values = from.empty() ? or_dash(to) : from + " → " + (to.empty() ? "gone" : to);
  line(left(clock_of(text(one, "time")), 10) + left(or_dash(what), 18) + left(values, 27) + " " +
       paint(dim, shortened(why, width() - 56)));
}

}  // namespace

std::string short_knob(std::string id) {
  for (const std::string_view prefix : {"file:", "/sys/class/net/", "/sys/devices/system/cpu/cpufreq/"})
    if (id.starts_with(prefix)) id.erase(0, prefix.size());
  return id;
}

std::string render_holds(const json& reply, const PageStyle& style) {
  WishPage page(style);
  page.holds(member(reply, "holds"));
  return std::move(page).take();
}

std::string render_plan(const json& reply, const PageStyle& style) {
  WishPage page(style);
  page.plan(reply);
  return std::move(page).take();
}

std::string render_changes(const json& reply, const PageStyle& style) {
  WishPage page(style);
  if (const json& list = member(reply, "changes"); list.is_array())
    for (const auto& one : list) page.change(one);
  return std::move(page).take();
}

}  // namespace ebb

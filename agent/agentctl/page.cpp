// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/page.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "agentctl/readings.hpp"
#include "agentctl/text.hpp"
#include "agentctl/wish_pages.hpp"

namespace ebb {
namespace {

using namespace page;
using nlohmann::json;

class Page : public page::Sheet {
 public:
  using Sheet::Sheet;

  void head(const json& status);
  void configuration(const json& configuration);
  void interfaces(const json& list);
  void machine(const json& cpus, const json& sensors);
  void classes(const json& list, bool observe);
  void services(const json& services);
  void passed(const json& reasons);
  void knobs(const json& list);
  void self(const json& self);
};

void Page::head(const json& status) {
  static const std::map<std::string, const char*> tints = {
      {"performance", "1;32"}, {"balanced", "1;36"}, {"power-saver", "1;33"}, {"critical", "1;31"}};
  const std::string state = text(status, "state");
  const auto tint = tints.find(state);
  std::string big = shortened(state.empty() ? "state unknown" : state, 24);
  std::ranges::transform(big, big.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });

  std::string since = text(status, "since");
  const auto start = parse_time(since);
  if (start && *start <= style().now)
    since = "for " + human_duration(style().now - *start);
  else if (!since.empty())
    since = "since " + since;
  since = shortened(since, 26);

  const std::string mode = text(status, "mode"), version = text(status, "version");
  const std::string about = (mode.empty() ? "" : "traffic " + mode + " · ") + "Ebb " + or_dash(version);
  const std::size_t used = 1 + width_of(big) + 2 + width_of(since) + 1;
  line(" " + paint(tint == tints.end() ? bold : tint->second, big) + "  " + since + " " +
       paint(dim, right(about, width() - used)));

  const json& reason = member(status, "reason");
  std::string because = text(reason, "rule");
  if (const json& values = member(reason, "values"); values.is_object())
    for (const auto& [name, value] : values.items())
      because += ", " + sanitised(name) + " " + or_dash(text(value));
  if (const auto flaps = number(member(status, "flaps")); flaps && *flaps > 0)
    because += " (" + human_count(*flaps) + " flaps held back)";
  sentence("because", or_dash(because));

  const std::string enforcement = text(status, "enforcement");
  if (enforcement == "observe")
    sentence("enforcement", "observe: nothing is touched; verdicts are what WOULD be done", yellow);
  else
    sentence("enforcement",
             enforcement == "enforce" ? "enforce: verdicts are carried out" : or_dash(enforcement));
}

void Page::configuration(const json& configuration) {
  const std::string state = text(configuration, "state");
  if (state == "unconfirmed") {
    const std::string until = text(configuration, "until");
    const auto end = parse_time(until);
    const bool known = end && *end >= style().now;
    sentence("configuration",
             "unconfirmed: rolled back " +
                 (known ? "in " + human_duration(*end - style().now) : "at " + or_dash(until)) +
                 " unless somebody says agentctl confirm",
             yellow);
  } else if (state == "rolled_back") {
    sentence(
        "configuration",
        "rolled back: the files were not confirmed, what ran before them runs; agentctl reload takes them",
        yellow);
  } else if (const json& files = member(configuration, "files"); files.is_array()) {
    std::vector<std::string> names;
    for (const auto& file : files) names.push_back(shortened_front(text(file), content()));
    row("configuration", flow(names, content()));
  }
}

void Page::interfaces(const json& list) {
  heading("Interfaces");
  if (!list.is_array() || list.empty()) return line(" none");
  for (const auto& interface : list) {
    std::vector<std::string> facts;
    if (member(interface, "ifindex").is_null()) facts.push_back("absent");
    const std::string hook = text(interface, "hook"), link = text(interface, "link_type");
    if (facts.empty() || (!hook.empty() && hook != "none")) facts.push_back("hook " + or_dash(hook));
    if (const auto& id = member(interface, "program_id"); !id.is_null())
      facts.push_back("program " + text(id));
    if (!link.empty() && link != "ether") facts.push_back("link " + link);
    if (const auto pattern = text(interface, "pattern");
        !pattern.empty() && pattern != text(interface, "name"))
      facts.push_back("chosen by " + pattern);
    row(or_dash(text(interface, "name")), flow(facts, content()));
    if (const auto why = text(interface, "hook_reason"); !why.empty()) sentence("", why, dim);
    if (const auto treatment = text(interface, "treatment"); !treatment.empty() && treatment != "all")
      sentence("", treatment + ": " + or_dash(text(interface, "treatment_reason")), yellow);
    if (const auto why = text(interface, "sockets_reason"); !why.empty())
      sentence("", "services and listeners are not known: " + why, dim);
    if (const auto why = text(interface, "answers_reason"); !why.empty())
      sentence("", "left to the stack: " + why, dim);
  }
}

void Page::machine(const json& cpus, const json& sensors) {
  heading("Machine");
  const std::string mask = text(cpus, "mask");
  const bool known = member(cpus, "mask").is_string();
  sentence("steered flows", !known ? "-" : mask.empty() ? "stay where they are" : "to CPU " + mask);
  if (const auto why = text(cpus, "why"); !why.empty()) sentence("", why, dim);
  for (const auto& reading : reading_rows(sensors)) {
    const char* tint = reading.quiet ? dim : "";
    if (reading.facts.size() == 1)
      sentence(reading.label, reading.facts.front(), tint);
    else
      row(reading.label, flow(reading.facts, content()), tint);
  }
}

void Page::classes(const json& list, bool observe) {
  if (!list.is_array() || list.empty()) return;
  std::vector<const char*> verdicts = {"dropped", "trimmed", "steered"};
  for (const char* verdict : {"answered", "limited", "deferred"})
    if (std::ranges::any_of(list,
                            [&](const json& row) { return number(member(row, verdict)).value_or(0) > 0; }))
      verdicts.push_back(verdict);
  double total = 0;
  for (const auto& row : list) total += std::max(0.0, number(member(row, "packets")).value_or(0));

  constexpr std::size_t number_width = 9;
  const bool kinds = verdicts.size() == 3;  // more verdicts leave no room
  const std::size_t fixed = 1 + (kinds ? 12 : 0) + number_width * (1 + verdicts.size());
  const std::size_t name_width = std::min<std::size_t>(20, width() - fixed);
  const std::size_t bar_width = width() - fixed - name_width >= 6 ? width() - fixed - name_width : 0;

  heading(observe ? "Classes, in packets; what WOULD be done" : "Classes, in packets");
  std::string titles = " " + left("class", name_width) + (kinds ? "  " + left("kind", 10) : "") +
                       right("packets", number_width) + (bar_width ? left("  share", bar_width) : "");
  for (const char* verdict : verdicts) titles += right(verdict, number_width);
  line(paint(dim, titles));
  for (const auto& row : list) {
    const double packets = number(member(row, "packets")).value_or(0);
    std::string cells = " " + left(or_dash(text(row, "name")), name_width) +
                        (kinds ? "  " + left(or_dash(text(row, "kind")), 10) : "") +
                        right(count(row, "packets"), number_width);
    if (bar_width) cells += "  " + paint(dim, bar(total > 0 ? packets / total : 0, bar_width - 2));
    for (const char* verdict : verdicts) cells += right(count(row, verdict), number_width);
    line(cells);
  }
}

void Page::services(const json& services) {
  if (text(services, "status") == "off")
    sentence("services", "not known: " + text(services, "reason"), yellow);
}

void Page::passed(const json& reasons) {
  std::vector<std::pair<double, std::string>> sorted;
  if (reasons.is_object())
    for (const auto& [reason, packets] : reasons.items())
      if (number(packets).value_or(0) > 0) sorted.emplace_back(packets.get<double>(), sanitised(reason));
  if (sorted.empty()) return;
  std::ranges::stable_sort(sorted, std::greater{}, [](const auto& entry) { return entry.first; });
  heading("Passed untouched, in packets by reason");
  const std::size_t column = (width() - 4) / 2;
  for (std::size_t i = 0; i < sorted.size(); i += 2) {
    std::string cells = " ";
    for (std::size_t j = i; j < std::min(i + 2, sorted.size()); ++j)
      cells +=
          (j == i ? "" : "   ") + left(sorted[j].second, column - 9) + right(human_count(sorted[j].first), 9);
    line(cells);
  }
}

void Page::knobs(const json& list) {
  heading("Changed settings: original → now");
  if (!list.is_array() || list.empty()) return line(" none");
  constexpr std::size_t value_width = 11, status_width = 13;
  const std::size_t id_width = width() - 1 - 2 - value_width - 3 - value_width - 2 - status_width;
  for (const auto& knob : list) {
    const std::string id = short_knob(text(knob, "id"));
    const std::string status = shortened(or_dash(text(knob, "status")), status_width);
    const char* tint = status == "applied" || status == "restored" ? "" : status == "failed" ? red : yellow;
    line(" " + left(shortened_front(or_dash(id), id_width), id_width) + "  " +
         right(or_dash(text(knob, "original")), value_width) + " → " +
         left(or_dash(text(knob, "current")), value_width) + "  " + (*tint ? paint(tint, status) : status));
    if (const auto why = text(knob, "reason"); !why.empty())
      for (const auto& words : wrapped(why, width() - 3)) line("   " + paint(dim, words));
  }
}

void Page::self(const json& self) {
  std::vector<std::string> facts;
  if (const auto rss = number(member(self, "rss_bytes"))) facts.push_back(human_bytes(*rss) + " of memory");
  if (const auto cpu = number(member(self, "cpu_seconds")))
    facts.push_back(human_number(*cpu) + " s of CPU time");
  if (const auto wakeups = number(member(self, "wakeups")))
    facts.push_back(human_count(*wakeups) + " wakeups");
  if (facts.empty()) return;
  heading("Cost of the agent itself");
  for (const auto& words : flow(facts, width() - 1)) line(" " + words);
}

}  // namespace

std::string render_status(const json& status, const PageStyle& style) {
  Page page(style);
  page.head(status);
  page.configuration(member(status, "configuration"));
  page.interfaces(member(status, "interfaces"));
  page.machine(member(status, "cpus"), member(status, "sensors"));
  page.classes(member(status, "classes"), text(status, "enforcement") == "observe");
  page.services(member(status, "services"));
  page.passed(member(status, "passed"));
  page.knobs(member(status, "knobs"));
  page.self(member(status, "self"));
  return std::move(page).take();
}

}  // namespace ebb

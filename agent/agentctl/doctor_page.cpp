// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/doctor_page.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "agentctl/text.hpp"

namespace ebb {
namespace {

using namespace page;
using doctor::Finding;
using doctor::Health;

constexpr std::size_t mark_width = 10, name_width = 23;  // with the blank behind them

// The first part of an id, and what the reader gains by it.
constexpr std::pair<std::string_view, const char*> groups[] = {
    {"packets", "Packets: judged before the stack runs"},
    {"services", "Services: whose packet it is"},
    {"cpus", "CPUs: which one works, how often, how fast"},
    {"sensors", "Sensors: what the power state is decided by"},
    {"tracing", "Tracing: what woke a CPU"},
    {"system", "System: what Ebb may do, and what outlives it"},
    {"neighbours", "Neighbours: who writes the same settings"}};

const char* tint_of(Health health) {
  switch (health) {
    case Health::ok:
      return green;
    case Health::degraded:
      return yellow;
    default:
      return dim;
  }
}

class DoctorPage : public Sheet {
 public:
  using Sheet::Sheet;

  void head(const std::vector<Finding>& findings, const Status& judged) {
    const std::string state = judged                                   ? "READY"
                              : judged.error().exit_code == exit_usage ? "NOT HERE"
                                                                       : "NOT KNOWN";
    const char* words = judged ? "the agent can do its work on this machine"
                        : judged.error().exit_code == exit_usage
                            ? "the agent cannot do its work on this machine"
                            : "whether the agent can work here was not to be found out";
    const std::string about = "Ebb " EBB_VERSION;
    const std::size_t used = 1 + width_of(state) + 2 + width_of(words) + 1;
    line(" " + paint(judged ? "1;32" : "1;31", state) + "  " + words + " " +
         paint(dim, right(about, width() - used)));
    std::array<unsigned, 4> counts{};
    for (const auto& one : findings) ++counts[static_cast<std::size_t>(one.status)];
    std::vector<std::string> facts;
    for (const auto health : {Health::ok, Health::degraded, Health::off, Health::unknown})
      if (const auto count = counts[static_cast<std::size_t>(health)])
        facts.push_back(std::to_string(count) + " " + std::string(word(health)));
    for (const auto& text : flow(facts, width() - 1)) line(" " + paint(dim, text));
    if (judged) return;
    for (const auto& text : wrapped(sanitised(judged.error().what), width() - 1))
      line(" " + paint(red, text));
    for (const auto& text : wrapped("→ " + sanitised(judged.error().hint), width() - 1)) line(" " + text);
  }

  void group(std::string_view prefix, const char* title, const std::vector<Finding>& findings) {
    bool first = true;
    for (const auto& one : findings) {
      const auto dot = one.id.find('.');
      if (dot == std::string::npos || std::string_view(one.id).substr(0, dot) != prefix) continue;
      if (std::exchange(first, false)) heading(title);
      finding(one, one.id.substr(dot + 1));
    }
  }

 private:
  void finding(const Finding& one, const std::string& name) {
    const std::size_t column = width() - 1 - mark_width - name_width;
    std::string start = " " + paint(tint_of(one.status), left(word(one.status), mark_width)) +
                        left(sanitised(name), name_width - 1) + " ";
    for (const auto& text : wrapped(sanitised(one.reason), column)) {
      line(start + text);
      start.assign(1 + mark_width + name_width, ' ');
    }
    if (one.remedy.empty()) return;
    const char* arrow = "→ ";
    for (const auto& text : wrapped(sanitised(one.remedy), column - 2)) {
      line(start + paint(dim, std::exchange(arrow, "  ") + text));
    }
  }
};

}  // namespace

std::string render_doctor(const std::vector<Finding>& findings, const Status& judged,
                          const PageStyle& style) {
  DoctorPage page(style);
  page.head(findings, judged);
  for (const auto& [prefix, title] : groups) page.group(prefix, title, findings);
  return std::move(page).take();
}

nlohmann::json doctor_json(const std::vector<Finding>& findings) {
  auto out = nlohmann::json::array();
  for (const auto& one : findings)
    out.push_back(
        {{"id", one.id}, {"status", word(one.status)}, {"reason", one.reason}, {"remedy", one.remedy}});
  return out;
}

}  // namespace ebb

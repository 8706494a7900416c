// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentctl/sheet.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "agentctl/text.hpp"

namespace ebb {

// https://no-color.org: any value that is not empty.
PageStyle terminal_style() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return {.colour =
              isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term && std::string_view(term) != "dumb",
          .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())};
}

namespace page {

using nlohmann::json;

const json& member(const json& object, const char* key) {
  static const json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::optional<double> number(const json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string text(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return sanitised(value.get_ref<const std::string&>());
  if (value.is_number_float()) return human_number(value.get<double>());
  return sanitised(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string text(const json& object, const char* key) { return text(member(object, key)); }
std::string or_dash(std::string value) { return value.empty() ? "-" : value; }
std::string count(const json& object, const char* key) {
  const auto value = number(member(object, key));
  return value ? human_count(*value) : "-";
}

std::vector<std::string> flow(const std::vector<std::string>& items, std::size_t width) {
  std::vector<std::string> lines;
  for (const auto& item : items) {
    if (lines.empty() || width_of(lines.back()) + 3 + width_of(item) > width)
      lines.push_back(shortened(item, width));
    else
      lines.back() += " · " + item;
  }
  return lines;
}

std::string json_text(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

Sheet::Sheet(const PageStyle& style) : style_(style), width_(std::max<std::size_t>(style.width, 60)) {}

std::string Sheet::paint(const std::string& codes, const std::string& words) const {
  return style_.colour && !words.empty() ? "\x1b[" + codes + "m" + words + "\x1b[0m" : words;
}

void Sheet::heading(const std::string& words) {
  std::string rule;
  for (std::size_t i = width_of(words) + 3; i < width_; ++i) rule += "─";
  line("");
  line(" " + paint(bold, words) + " " + paint(dim, rule));
}

void Sheet::row(const std::string& label, const std::vector<std::string>& lines, const std::string& codes) {
  std::string start = " " + left(label, label_width - 2) + " ";
  for (const auto& words : lines) {
    line(start + (codes.empty() ? words : paint(codes, words)));
    start.assign(label_width, ' ');
  }
}

void Sheet::sentence(const std::string& label, const std::string& words, const std::string& codes) {
  row(label, wrapped(words, content()), codes);
}

}  // namespace page
}  // namespace ebb

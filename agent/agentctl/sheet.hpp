// SPDX-License-Identifier: GPL-2.0-or-later
// What the pages of agentctl are made of: labelled rows under headings, and members of an answer that may be
// missing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ebb {

struct PageStyle {
  std::size_t width = 80;  // columns, at least 60; no line is longer
  bool colour = false;     // ECMA-48 colours; without it the page has no control character but newlines
  std::chrono::sys_seconds now{};
};

// Of this process's standard output and of the clock.
PageStyle terminal_style();

namespace page {

inline constexpr const char* bold = "1";
inline constexpr const char* dim = "2";
inline constexpr const char* red = "31";
inline constexpr const char* green = "32";
inline constexpr const char* yellow = "33";

const nlohmann::json& member(const nlohmann::json& object, const char* key);  // null if it is missing
std::optional<double> number(const nlohmann::json& value);
std::string text(const nlohmann::json& value);  // any value as one sanitised line; null is ""
std::string text(const nlohmann::json& object, const char* key);
std::string or_dash(std::string value);
std::string count(const nlohmann::json& object, const char* key);  // "12.3 k"; "-"

// Lines of items, each item whole.
std::vector<std::string> flow(const std::vector<std::string>& items, std::size_t width);

// Printed as JSON, as --json does.
std::string json_text(const nlohmann::json& value);

class Sheet {
 public:
  explicit Sheet(const PageStyle& style);
  std::string take() && { return std::move(out_); }

 protected:
  static constexpr std::size_t label_width = 18;  // with the blanks at both sides

  std::size_t width() const { return width_; }
  std::size_t content() const { return width_ - label_width; }
  const PageStyle& style() const { return style_; }
  std::string paint(const std::string& codes, const std::string& words) const;
  void line(const std::string& words) { out_.append(words).append("\n"); }
  void heading(const std::string& words);
  void row(const std::string& label, const std::vector<std::string>& lines, const std::string& codes = "");
  void sentence(const std::string& label, const std::string& words, const std::string& codes = "");

 private:
  PageStyle style_;
  std::size_t width_;
  std::string out_;
};

}  // namespace page
}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/reader.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

namespace ebb::conf {
namespace {

// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string describe(const Value& value) {
  switch (value.type) {
    case Value::Type::text:
      return in_quotes(value.text);
    case Value::Type::integer:
      return std::to_string(value.integer);
    case Value::Type::boolean:
      return value.integer != 0 ? "true" : "false";
    case Value::Type::other:
      return value.text;
    case Value::Type::list:
      return value.children.empty() ? "an empty list" : "a list";
    case Value::Type::table:
      return "a table";
  }
  return {};
}

}  // namespace

std::string suggest(std::string_view wrong, std::span<const std::string_view> words) {
  constexpr std::size_t longest = 64;  // nobody means a known word by more
  const auto nearest = std::min_element(words.begin(), words.end(), [&](auto a, auto b) {
    return distance(wrong.substr(0, longest), a) < distance(wrong.substr(0, longest), b);
  });
  const std::string all = fmt::format("allowed: {}", fmt::join(words, ", "));
  if (nearest == words.end() ||
      distance(wrong.substr(0, longest), *nearest) > std::max<std::size_t>(2, nearest->size() / 3))
    return all;
  return fmt::format("did you mean {}? ({})", in_quotes(*nearest), all);
}

std::string text_of(const Value& value) {
  return value.type == Value::Type::text ? value.text : std::string();
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  return fmt::format("\"{}{}\"", printable(text.substr(0, longest)), text.size() > longest ? "..." : "");
}

void Reader::fail(Place at, const std::string& what, std::string hint) {
  fail(where(at), what, std::move(hint));
}

void Reader::fail(const std::string& where, const std::string& what, std::string hint) {
  if (!error_) error_ = Error{where + ": " + what, std::move(hint), exit_usage};
}

void Reader::expected(const Value& value, const std::string& what, std::string hint) {
  fail(value.at, fmt::format("expected {}, found {}", what, describe(value)), std::move(hint));
}

void Reader::table(const Value& value, std::span<const Field> fields) {
  std::vector<std::string_view> keys;
  for (const auto& field : fields) keys.push_back(field.first);
  if (value.type != Value::Type::table)
    return expected(value, "a table", fmt::format("its keys: {}", fmt::join(keys, ", ")));
  for (const Value& child : value.children) {
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.first == child.key; });
    if (field == fields.end())
      fail(child.key_at, "unknown key " + in_quotes(child.key), suggest(child.key, keys));
    else
      field->second(child);
  }
}

void Reader::each(const Value& value, const std::function<void(const Value&)>& item) {
  if (value.type != Value::Type::list) return item(value);
  if (value.children.empty()) expected(value, "at least one value", "leave the key out, or give it a value");
  for (const Value& child : value.children) item(child);
}

std::int64_t Reader::integer(const Value& value, const std::string& what, std::int64_t min,
                             std::int64_t max) {
  if (value.type == Value::Type::integer && value.integer >= min && value.integer <= max)
    return value.integer;
  expected(value, what);
  return min;
}

bool Reader::boolean(const Value& value) {
  if (value.type != Value::Type::boolean) expected(value, "true or false");
  return value.integer != 0;
}

std::size_t Reader::word(const Value& value, std::span<const std::string_view> words,
                         const std::string& or_else) {
  const auto found = std::find(words.begin(), words.end(), value.text);
  if (value.type == Value::Type::text && found != words.end())
    return static_cast<std::size_t>(found - words.begin());
  expected(value, fmt::format("one of {}{}", fmt::join(words, ", "), or_else),
           value.type == Value::Type::text ? suggest(value.text, words) : std::string());
  return 0;
}

}  // namespace ebb::conf

// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/value.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

// Only this file includes toml++: it takes seconds to compile.
// Its parser asserts things that files break ("[:" as a table header; 3.3 and 3.4) and that it handles well
// further on; with NDEBUG, clang would optimise by them instead. So: no assertions, in either build.
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

namespace ebb::conf {
namespace {

Place place(const toml::source_region& source) {
  return {.line = std::max(1U, static_cast<unsigned>(source.begin.line)),
          .column = std::max(1U, static_cast<unsigned>(source.begin.column))};
}

// What a value is that no key of ours takes.
std::string_view type_name(toml::node_type type) {
  switch (type) {
    case toml::node_type::floating_point:
      return "a decimal number";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time of day";
    default:
      return "a date and time";
  }
}

Value convert(const toml::node& node) {
  Value value;
  value.at = place(node.source());
  if (const auto* table = node.as_table()) {
    for (const auto& [key, child] : *table) {
      value.children.push_back(convert(child));
      value.children.back().key = key.str();
      value.children.back().key_at = place(key.source());
    }
    // toml++ sorts by key; the first error of the file should be the first that is told.
    std::sort(value.children.begin(), value.children.end(), [](const Value& a, const Value& b) {
      return std::pair(a.key_at.line, a.key_at.column) < std::pair(b.key_at.line, b.key_at.column);
    });
  } else if (const auto* list = node.as_array()) {
    value.type = Value::Type::list;
    for (const auto& child : *list) value.children.push_back(convert(child));
  } else if (const auto* text = node.as_string()) {
    value.type = Value::Type::text;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.type = Value::Type::integer;
    value.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.type = Value::Type::boolean;
    value.integer = boolean->get() ? 1 : 0;
  } else {
    value.type = Value::Type::other;
    value.text = type_name(node.type());
  }
  return value;
}

}  // namespace

Result<Value> parse_toml(const std::string& text, const std::string& file) {
  const auto plain = plain_text(text, file);
  if (!plain) return tl::unexpected(plain.error());
  const toml::parse_result parsed = toml::parse(std::string_view(*plain));
  if (parsed) return convert(parsed.table());
  const toml::parse_error& error = parsed.error();
  return fail(
      place_text(file, place(error.source())) + ": " + printable(error.description()),
      "the syntax is TOML (https://toml.io): strings need quotes, and a table may be written only once",
      exit_usage);
}

}  // namespace ebb::conf

// SPDX-License-Identifier: GPL-2.0-or-later
// A parsed TOML file as plain values, each with its place. Private to config/; toml++ stays behind it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ebb::conf {

struct Place {
  unsigned line = 1;
  unsigned column = 1;
};

struct Value {
  enum class Type { text, integer, boolean, other, list, table };
  Type type = Type::table;
  Place at;
  std::string key;              // in a table
  Place key_at;                 // of that key
  std::string text;             // of a text; of `other`: what it is ("a date")
  std::int64_t integer = 0;     // of an integer; a boolean is 0 or 1
  std::vector<Value> children;  // of a list or a table, in the order of the file
};

// "FILE:LINE:COLUMN"
std::string place_text(const std::string& file, Place at);

// `text` with \xNN for every byte that does not belong into one line of a message.
std::string printable(std::string_view text);

// The value of a whole file: a table. Errors name the place and have exit code 2.
Result<Value> parse_toml(const std::string& text, const std::string& file);

// `text` as toml++ may have it: comments blanked to ASCII. Errors: what toml++ cannot be trusted with
// (value.cpp's parser has undefined behaviour on some non-ASCII code points and no limit on dotted keys), and
// what has no place in a configuration: control characters, multi-line strings, more than 1 MiB.
Result<std::string> plain_text(std::string text, const std::string& file);

inline constexpr std::size_t max_file_bytes = 1 << 20;

}  // namespace ebb::conf

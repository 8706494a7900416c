// SPDX-License-Identifier: GPL-2.0-or-later
// Reader: typed access to values. It keeps the first error and goes on: after a failure every method returns
// something harmless, so the code that reads a key needs no error path. Whoever started the reading asks
// error() at the end.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "config/value.hpp"

namespace ebb::conf {

class Reader {
 public:
  using Field =
      std::pair<std::string_view, std::function<void(const Value&)>>;  // key, what to do with its value

  void start(std::string file) { file_ = std::move(file); }  // the values that follow are of this file

  const std::optional<Error>& error() const { return error_; }
  std::string where(Place at) const { return place_text(file_, at); }

  void fail(Place at, const std::string& what, std::string hint = {});
  void fail(const std::string& where, const std::string& what, std::string hint = {});
  // "expected WHAT, found VALUE"
  void expected(const Value& value, const std::string& what, std::string hint = {});

  // A table with these keys and no others; the fields are called in the order of the file.
  void table(const Value& value, std::span<const Field> fields);
  void table(const Value& value, std::initializer_list<Field> fields) {
    table(value, std::span<const Field>(fields.begin(), fields.size()));
  }
  // Each value of a list of at least one; one value alone is a list of one.
  void each(const Value& value, const std::function<void(const Value&)>& item);

  std::int64_t integer(const Value& value, const std::string& what, std::int64_t min, std::int64_t max);
  bool boolean(const Value& value);
  // The index of the value in `words`. `what` names more that is allowed, as ", or a number"; the caller has
  // looked.
  std::size_t word(const Value& value, std::span<const std::string_view> words,
                   const std::string& or_else = {});

 private:
  std::string file_;
  std::optional<Error> error_;
};

// The text of a string; "" for any other value, which no key takes.
std::string text_of(const Value& value);

// "did you mean NEAREST? (allowed: ...)", or only what is allowed where no word is near.
std::string suggest(std::string_view wrong, std::span<const std::string_view> words);

// `text` in quotes, without control characters, cut to a readable length.
std::string in_quotes(std::string_view text);

}  // namespace ebb::conf

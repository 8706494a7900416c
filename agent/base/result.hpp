// SPDX-License-Identifier: GPL-2.0-or-later
// Result<T>: a value, or an Error that says what failed and what to do now.
#pragma once

#include <cstring>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace ebb {

struct Error {
  std::string what;   // one sentence, without a full stop; names the file, interface or key
  std::string hint;   // what to do now; may be empty
  int exit_code = 1;  // of the process, if the error ends it: see Exit
  int number = 0;     // the errno behind it; 0: none

  Error&& with_hint(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
};

// Exit codes of agentd and agentctl (DESIGN 5).
enum Exit : int { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_no_agent = 3 };

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(std::string what, std::string hint = {}, int exit_code = exit_failed) {
  return tl::unexpected<Error>(Error{std::move(what), std::move(hint), exit_code, 0});
}

// "what: strerror(number)"; number is a positive errno.
inline tl::unexpected<Error> fail_errno(std::string what, int number, std::string hint = {}) {
  return tl::unexpected<Error>(
      Error{std::move(what) + ": " + std::strerror(number), std::move(hint), exit_failed, number});
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/value.hpp"

#include <spdlog/fmt/fmt.h>

namespace ebb::conf {
namespace {

// Deeper keys would only serve to exhaust the stack: tables nest, and their destructors recurse.
constexpr unsigned max_dots = 16;

// Walks the text byte by byte and knows whether a byte stands in a string or a comment. Without multi-line
// strings, which are refused, every line starts outside of both.
class Scanner {
 public:
  Scanner(std::string text, const std::string& file) : text_(std::move(text)), file_(file) {}

  Result<std::string> run() {
    for (std::size_t i = 0; i < text_.size(); ++i, ++at_.column) {
      if (auto checked = check(i); !checked) return tl::unexpected(checked.error());
      step(i);
    }
    return std::move(text_);
  }

 private:
  std::string text_;
  const std::string& file_;
  Place at_;
  char quote_ = 0;  // of the string around, or 0
  bool escaped_ = false;
  bool comment_ = false;
  unsigned dots_ = 0;  // of this line, outside of strings and comments

  tl::unexpected<Error> refuse(const std::string& what, std::string hint) const {
    return fail(place_text(file_, at_) + ": " + what, std::move(hint), exit_usage);
  }

  Status check(std::size_t i) const {
    const auto byte = static_cast<unsigned char>(text_[i]);
    const bool line_end = byte == '\n' || (byte == '\r' && text_.compare(i, 2, "\r\n") == 0);
    if ((byte < 0x20 && byte != '\t' && !line_end) || byte == 0x7f)
      return refuse(fmt::format("a control character (byte 0x{:02x})", byte), "is this a text file?");
    if (byte >= 0x80 && text_.compare(i, 3, "\xef\xbb\xbf") == 0 && i == 0)
      return refuse("the file starts with a byte order mark", "save it as plain text without one");
    if (byte >= 0x80 && !comment_)
      return refuse(fmt::format("a character that is not ASCII (byte 0x{:02x})", byte),
                    "such characters may stand in comments only");
    if (comment_ || quote_ != 0) return {};
    if (text_.compare(i, 3, R"(""")") == 0 || text_.compare(i, 3, "'''") == 0)
      return refuse("a multi-line string", "write every value on one line, in single or double quotes");
    if (byte == '.' && dots_ == max_dots)
      return refuse("a key of too many parts",
                    "keys have at most three parts, as in [plan.power-saver.quiet]");
    return {};
  }

  void step(std::size_t i) {
    char& c = text_[i];
    if (c == '\n') {
      at_ = {.line = at_.line + 1, .column = 0};
      quote_ = 0;
      escaped_ = comment_ = false;
      dots_ = 0;
    } else if (comment_) {
      if (static_cast<unsigned char>(c) >= 0x80) c = ' ';
    } else if (quote_ != 0) {
      if (escaped_)
        escaped_ = false;
      else if (c == '\\' && quote_ == '"')
        escaped_ = true;
      else if (c == quote_)
        quote_ = 0;
    } else if (c == '"' || c == '\'') {
      quote_ = c;
    } else if (c == '#') {
      comment_ = true;
    } else if (c == '.') {
      ++dots_;
    }
  }
};

}  // namespace

std::string place_text(const std::string& file, Place at) {
  return fmt::format("{}:{}:{}", file, at.line, at.column);
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 && c < 0x7f)
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<std::string> plain_text(std::string text, const std::string& file) {
  if (text.size() > max_file_bytes)
    return fail(file + " is larger than 1 MiB", "is this the right file?", exit_usage);
  return Scanner(std::move(text), file).run();
}

}  // namespace ebb::conf

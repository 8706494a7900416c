// SPDX-License-Identifier: GPL-2.0-or-later
// Small files of sysfs, procfs and /run, read and written whole.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace ebb {

// The file's text without trailing white space; at most `limit` bytes are read. `flags` are added to
// open(2)'s.
Result<std::string> read_file(const std::string& path, std::size_t limit = 65536, int flags = 0);

// The same from the beginning of a file that is open: files of sysfs and procfs answer anew. The error does
// not know the file's name.
Result<std::string> read_again(int fd, std::size_t limit = 65536);

// One write(2) of the whole text, as sysfs wants it, over an empty file, as a shell would; the file must
// exist.
Status write_file(const std::string& path, const std::string& text);

// A non-negative decimal number that fills the whole text; an error says why not
// ("empty", "not a number", "negative", "out of range").
Result<std::uint64_t> parse_number(const std::string& text);

// Replaces `path` by a synced new file of this mode in one step; readers see the old or the new one, whole.
// Neither the file nor a temporary one is followed if somebody made it a symbolic link.
Status replace_file(const std::string& path, const std::string& text, unsigned mode = 0600);

}  // namespace ebb

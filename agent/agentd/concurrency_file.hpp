// SPDX-License-Identifier: GPL-2.0-or-later
// /run/ebb/concurrency: the recommended number of workers, while an agent runs.
#pragma once

#include "base/result.hpp"

namespace ebb {

class ConcurrencyFile {
 public:
  // Writes only when the number is another one than before. A symbolic link in its place is replaced, never
  // followed.
  Status write(unsigned workers);
  static void remove();

 private:
  unsigned written_ = 0;
};

}  // namespace ebb

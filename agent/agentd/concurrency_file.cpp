// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/concurrency_file.hpp"

#include <unistd.h>

#include <string>

#include "agentd/paths.hpp"
#include "base/file.hpp"

namespace ebb {

Status ConcurrencyFile::write(unsigned workers) {
  if (workers == written_) return {};
  if (auto replaced = replace_file(concurrency_path, std::to_string(workers) + "\n", 0644); !replaced)
    return replaced;
  written_ = workers;
  return {};
}

void ConcurrencyFile::remove() { unlink(concurrency_path); }

}  // namespace ebb

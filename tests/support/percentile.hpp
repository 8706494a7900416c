// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ebb::test {

// The value that `share` of them do not pass: 0.5 is the median, 0.99 the 99th percentile. `values` is not
// empty.
template <typename T>
T percentile(std::vector<T> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace ebb::test

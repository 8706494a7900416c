// SPDX-License-Identifier: GPL-2.0-or-later
// Medians and their bootstrap limits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace ebb::bench {

struct Estimate {
  double median = 0;
  double low = 0, high = 0;  // one-sided 95 % limits of the median
};

inline double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const std::size_t n = v.size();
  return n == 0 ? 0 : (v[(n - 1) / 2] + v[n / 2]) / 2;
}

// Percentile bootstrap over whole series; the seed is fixed, so one set of figures gives one verdict.
inline Estimate estimate(const std::vector<double>& v) {
  constexpr int resamples = 10000;
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> pick(0, v.size() - 1);
  std::vector<double> medians, sample(v.size());
  for (int i = 0; i < resamples; ++i) {
    for (auto& s : sample) s = v[pick(random)];
    medians.push_back(median(sample));
  }
  std::sort(medians.begin(), medians.end());
  return {median(v), medians[resamples / 20], medians[resamples - resamples / 20]};
}

}  // namespace ebb::bench

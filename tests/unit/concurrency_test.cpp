// SPDX-License-Identifier: GPL-2.0-or-later
// The recommended number of workers: the rows of the table.
#include "decide/concurrency.hpp"

#include <gtest/gtest.h>

using namespace ebb;

namespace {

Sample machine(std::optional<double> percent, std::optional<double> pressure, std::optional<double> queue) {
  Sample sample;
  if (percent) {
    // Two policies whose average it is.
    for (const double own : {*percent - 10, *percent + 10}) {
      CpufreqPolicy policy;
      policy.name = "policy" + std::to_string(sample.policies.size());
      policy.current = static_cast<std::uint64_t>(own * 10'000);
      policy.hardware_max = 1'000'000;
      sample.policies.push_back(policy);
    }
  }
  sample.readings["memory_pressure"].number = pressure;
  sample.readings["run_queue"].number = queue;
  return sample;
}

unsigned after(int samples, const Sample& sample, unsigned cpus, bool self_capped = false) {
  Concurrency now;
  for (int i = 0; i < samples; ++i) now = recommend(now, sample, self_capped, cpus);
  return now.workers;
}

TEST(Concurrency, FewWhilePinchedForThreeSamples) {
  const Sample pinched = machine(49, 11, 0);
  EXPECT_EQ(after(2, pinched, 8), 8u);
  EXPECT_EQ(after(3, pinched, 8), 4u);
  EXPECT_EQ(after(9, pinched, 2), 2u);
  EXPECT_EQ(after(3, machine(50, 11, 0), 8), 8u) << "not below";
  EXPECT_EQ(after(3, machine(49, 10, 0), 8), 8u) << "not above";
  Concurrency now = recommend({}, pinched, false, 8);
  now = recommend(now, pinched, false, 8);
  now = recommend(now, machine(70, 11, 0), false, 8);
  now = recommend(now, pinched, false, 8);
  EXPECT_EQ(now.workers, 8u) << "three in a row";
}

TEST(Concurrency, ManyWhereWorkWaitsAndNothingElseDoes) {
  EXPECT_EQ(after(1, machine(81, 0.9, 2.1), 4), 8u);
  EXPECT_EQ(after(1, machine(81, 0.9, 2.1), 100), 128u);
  EXPECT_EQ(after(1, machine(81, 0.9, 2.1), 4'000'000'000), 128u);
  EXPECT_EQ(after(1, machine(80, 0.9, 2.1), 4), 4u);
  EXPECT_EQ(after(1, machine(81, 1, 2.1), 4), 4u);
  EXPECT_EQ(after(1, machine(81, 0.9, 2), 4), 4u);
}

TEST(Concurrency, UnknownAndSelfCappedLowerNothing) {
  EXPECT_EQ(after(9, machine(std::nullopt, 50, 9), 8), 8u);
  EXPECT_EQ(after(9, machine(20, std::nullopt, 0), 8), 8u);
  EXPECT_EQ(after(9, machine(90, 0, std::nullopt), 8), 8u);
  EXPECT_EQ(after(9, machine(20, 50, 0), 8, true), 8u) << "the frequency is low because Ebb capped it";
}

}  // namespace

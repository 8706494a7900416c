// SPDX-License-Identifier: GPL-2.0-or-later
// The verdict tests, in network and mount namespaces of their own; also the proof `make prove-verdicts`.
// The last line says how much was compared.
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>

#include "figures.hpp"
#include "support/netns.hpp"
#include "support/testrun.hpp"

int main(int argc, char** argv) {
  using namespace ebb::test;
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  if (const auto entered = enter_private_namespaces(); !entered) {
    std::fprintf(stderr, "%s\nHINT: %s\n", entered.error().what.c_str(), entered.error().hint.c_str());
    return 1;
  }
  pin_to_cpu(0);
  const int failed = RUN_ALL_TESTS();
  std::printf("verdicts: %" PRIu64 " rows, %" PRIu64 " field values, %" PRIu64 " random frames; %" PRIu64
              " runs of the programs, %" PRIu64 " mismatches\n",
              figures.rows, figures.values, figures.random, figures.runs, figures.mismatches);
  return failed;
}

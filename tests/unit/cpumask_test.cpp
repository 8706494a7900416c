// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cpumask.hpp"

#include <gtest/gtest.h>

namespace ebb {
namespace {

using Cpus = std::vector<unsigned>;

CpuMask of(const Cpus& cpus) {
  CpuMask mask;
  for (const unsigned cpu : cpus) mask.set(cpu);
  return mask;
}

TEST(CpuMask, ReadsLists) {
  const std::pair<const char*, Cpus> rows[] = {
      {"", {}},     {"0", {0}},        {"0-2,5", {0, 1, 2, 5}}, {"5,0-2", {0, 1, 2, 5}},
      {"3-3", {3}}, {"1,1-2", {1, 2}}, {"1023", {1023}}};
  for (const auto& [text, cpus] : rows) {
    const auto mask = CpuMask::from_list(text);
    ASSERT_TRUE(mask) << text;
    EXPECT_EQ(mask->cpus(), cpus) << text;
  }
}

TEST(CpuMask, RefusesOtherLists) {
  for (const char* text : {"a", "1024", "0-1024", "2-1", "-1", "1-", "1,,2", ",1", " 1", "1 ", "+1", "0x1",
                           "1-2-3", "4294967296", "1;2"})
    EXPECT_FALSE(CpuMask::from_list(text)) << text;
}

TEST(CpuMask, WritesTheShortestList) {
  EXPECT_EQ(of({}).list(), "");
  EXPECT_EQ(of({7}).list(), "7");
  EXPECT_EQ(of({0, 1}).list(), "0-1");
  EXPECT_EQ(of({0, 1, 2, 5, 7, 8, 1023}).list(), "0-2,5,7-8,1023");
  EXPECT_EQ(of({1022, 1023}).list(), "1022-1023");
}

TEST(CpuMask, ReadsMasks) {
  const std::pair<const char*, const char*> rows[] = {{"0", ""},
                                                      {"1", "0"},
                                                      {"27", "0-2,5"},
                                                      {"f0", "4-7"},
                                                      {"F0", "4-7"},
                                                      {"00000000,00000003", "0-1"},
                                                      {"1,00000000", "32"},
                                                      {"80000001,00000000,80000000", "31,64,95"}};
  for (const auto& [text, list] : rows) {
    const auto mask = CpuMask::from_hex(text);
    ASSERT_TRUE(mask) << text;
    EXPECT_EQ(mask->list(), list) << text;
  }
  EXPECT_EQ(CpuMask::from_hex("8" + std::string(255, '0'))->cpus(), Cpus{1023});
}

TEST(CpuMask, RefusesOtherMasks) {
  const std::string rows[] = {"", "g", "0x1", "-1", ",", "1" + std::string(256, '0')};
  for (const auto& text : rows) EXPECT_FALSE(CpuMask::from_hex(text)) << text;
}

TEST(CpuMask, WritesMasksAsTheKernelTakesThem) {
  EXPECT_EQ(of({}).hex(), "0");
  EXPECT_EQ(of({0, 1, 2, 5}).hex(), "27");
  EXPECT_EQ(of({31}).hex(), "80000000");
  EXPECT_EQ(of({32}).hex(), "1,00000000");
  EXPECT_EQ(of({0, 32, 95}).hex(), "80000000,00000001,00000001");
}

TEST(CpuMask, EverySingleCpuSurvivesBothSpellings) {
  for (unsigned cpu = 0; cpu < CpuMask::limit; ++cpu) {
    const CpuMask mask = of({cpu});
    ASSERT_EQ(CpuMask::from_hex(mask.hex()), mask) << cpu;
    ASSERT_EQ(CpuMask::from_list(mask.list()), mask) << cpu;
  }
}

TEST(CpuMask, CountsTestsAndIntersects) {
  const CpuMask mask = of({0, 5, 1023});
  EXPECT_EQ(mask.count(), 3U);
  EXPECT_TRUE(mask.test(5) && mask.test(1023));
  EXPECT_FALSE(mask.test(4) || mask.test(1024) || mask.test(~0U));
  EXPECT_EQ(mask & of({1, 5}), of({5}));
  EXPECT_TRUE((mask & of({1})).empty());
  EXPECT_FALSE(mask.empty());
}

}  // namespace
}  // namespace ebb

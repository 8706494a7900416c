// SPDX-License-Identifier: GPL-2.0-or-later
// bpf/trace.bpf.c in the kernel. Its tracepoint is not called here: the program is run with what the
// tracepoint would say.
#include <cerrno>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include "dataplane/frequencies.hpp"
#include "trace.h"

namespace ebb::test {
namespace {

std::uint64_t now() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

void tell(const Frequencies& frequencies, std::uint64_t kilohertz, std::uint64_t cpu) {
  std::uint64_t context[2] = {kilohertz, cpu};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.ctx_in = context;
  options.ctx_size_in = sizeof context;
  ASSERT_EQ(bpf_prog_test_run_opts(frequencies.program(), &options), 0) << errno;
}

double mean(const TracedFrequency& from, const TracedFrequency& to) {
  return static_cast<double>(to.area - from.area) / static_cast<double>(to.microseconds - from.microseconds);
}

TEST(FrequencyTrace, TheAreaIsThatOfAClockAroundEachChange) {
  auto frequencies = Frequencies::open();
  ASSERT_TRUE(frequencies) << frequencies.error().what;
  EXPECT_FALSE(frequencies->read(3)) << "nothing was told yet";
  tell(*frequencies, 600'000, 3);
  const auto first = frequencies->read(3);
  ASSERT_TRUE(first);
  EXPECT_FALSE(frequencies->read(2)) << "of this CPU nothing";

  std::mt19937 random(7);
  double least = 0, most = 0;  // kHz x us, by the clock before and after each change
  std::uint64_t kilohertz = 600'000, early = first->microseconds, late = early;
  for (int i = 0; i < 200; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    const std::uint64_t before = now();
    const std::uint64_t next = 300'000 + random() % 2'000'000;
    tell(*frequencies, next, 3);
    const std::uint64_t after = now();
    least += static_cast<double>(kilohertz * (before - late));
    most += static_cast<double>(kilohertz * (after + 1 - early));
    kilohertz = next;
    early = before;
    late = after;
  }
  const auto last = frequencies->read(3, late);
  ASSERT_TRUE(last);
  const auto area = static_cast<double>(last->area - first->area);
  EXPECT_GE(area, least);
  EXPECT_LE(area, most);
  EXPECT_LT(most - least, 0.2 * most) << "too loose to tell";
  EXPECT_EQ(last->changes - first->changes, 200u);
}

TEST(FrequencyTrace, TheLastFrequencyGoesOn) {
  auto frequencies = Frequencies::open();
  ASSERT_TRUE(frequencies) << frequencies.error().what;
  tell(*frequencies, 1'200'000, 0);
  const auto from = frequencies->read(0), to = frequencies->read(0, from->microseconds + 5'000'000);
  EXPECT_EQ(mean(*from, *to), 1'200'000);
}

TEST(FrequencyTrace, OfCpusBeyondThoseThatEbbKnowsThereIsNone) {
  auto frequencies = Frequencies::open();
  ASSERT_TRUE(frequencies) << frequencies.error().what;
  tell(*frequencies, 1'200'000, 1023);
  tell(*frequencies, 1'300'000, 1024);
  tell(*frequencies, 1'300'000, 0xffffffff);
  EXPECT_TRUE(frequencies->read(1023));
  for (const unsigned cpu : {0u, 1022u, 1024u, 0xffffffffu}) EXPECT_FALSE(frequencies->read(cpu)) << cpu;
}

// What a reader sees that meets a writer: a time that is new, and an area that is not yet.
TEST(FrequencyTrace, AnEntryInTheMiddleOfAChangeIsNotRead) {
  auto frequencies = Frequencies::open();
  ASSERT_TRUE(frequencies) << frequencies.error().what;
  tell(*frequencies, 1'000'000, 5);
  std::uint32_t id = 0;
  bpf_prog_info info{};
  info.nr_map_ids = 1;
  info.map_ids = reinterpret_cast<std::uint64_t>(&id);
  std::uint32_t size = sizeof info;
  ASSERT_EQ(bpf_obj_get_info_by_fd(frequencies->program(), &info, &size), 0);
  const Fd map(bpf_map_get_fd_by_id(id));
  const std::uint32_t zero = 0;
  std::vector<ebb_frequency> entries(EBB_TRACED_CPUS);
  ASSERT_EQ(bpf_map_lookup_elem(map.get(), &zero, entries.data()), 0) << "the object has one map: these";
  entries[5].since += 1000;
  ASSERT_EQ(bpf_map_update_elem(map.get(), &zero, entries.data(), 0), 0);
  EXPECT_FALSE(frequencies->read(5));
  tell(*frequencies, 1'000'000, 5);
  EXPECT_TRUE(frequencies->read(5));
}

}  // namespace
}  // namespace ebb::test

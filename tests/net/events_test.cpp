// SPDX-License-Identifier: GPL-2.0-or-later
// Events before polling: what the kernel says of devices makes a sample at once, and a storm of it does not
// make the agent busy. The events are real: writing to a device's uevent file sends one.
#include <gtest/gtest.h>

#include "agent.hpp"
#include "lab.hpp"

namespace ebb::test {
namespace {

constexpr const char* cpu = "/sys/devices/system/cpu/cpu0/uevent";
constexpr const char* virtual_device = "/sys/class/net/lo/uevent";
const std::string seldom = "[agent]\ninterfaces = [\"node0\"]\ninterval = \"60s\"\n";

void send(const char* device, int times = 1) {
  for (int i = 0; i < times; ++i) write_text(device, "change");
}
// Changes with every sample, and with nothing else.
double sampled() { return status()["sensors"]["self.cpu_seconds"]["value"]; }
unsigned wakeups() { return status()["self"]["wakeups"]; }

TEST(Events, ADeviceThatChangesMakesASample) {
  const Lab lab;
  const Agent agent(seldom);
  sleep_ms(1200);  // a quiet second
  const double before = sampled();
  send(cpu);
  EXPECT_TRUE(wait_for(1000, [&] { return sampled() != before; }));
}

TEST(Events, WhatNoSensorReadsDoesNotWakeTheAgent) {
  const Lab lab;
  const Agent agent(seldom);
  sleep_ms(1200);
  // Pressure of the machine may make a sample meanwhile; if the filter let these events through, each try would.
  bool slept = false;
  for (int tries = 0; tries < 5 && !slept; ++tries) {
    const double before = sampled();
    const unsigned woken = wakeups();
    send(virtual_device, 100);
    sleep_ms(300);
    slept = sampled() == before && wakeups() - woken <= 12;  // who asks for the status wakes it, too
  }
  EXPECT_TRUE(slept);
}

TEST(Events, AStormIsAFewSamples) {
  const Lab lab;
  const Agent agent(seldom);
  sleep_ms(1200);
  const unsigned woken = wakeups();
  for (int i = 0; i < 20; ++i) {
    send(cpu, 50);
    sleep_ms(100);
  }
  // Two seconds: at most three wakeups and a timer in each, and the clients'.
  EXPECT_LE(wakeups() - woken, 24U);
  sleep_ms(1500);
  const double before = sampled();
  send(cpu);
  EXPECT_TRUE(wait_for(2000, [&] { return sampled() != before; })) << "it listens again";
}

}  // namespace
}  // namespace ebb::test

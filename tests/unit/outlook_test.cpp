// SPDX-License-Identifier: GPL-2.0-or-later
// Why the state is what it is, and what another one would need; and the page of it.
#include "decide/outlook.hpp"

#include "agentctl/state_page.hpp"
#include "agentd/outlook.hpp"
#include "config_support.hpp"

using namespace ebb;
using namespace std::chrono_literals;
using enum PowerState;

namespace {

const std::string rules = test::agent + R"(
[state.power-saver]
enter = [{ frequency = "< 50%" }, { battery = "< 20%", mains = "offline", for = "15s" }]
leave = [{ frequency = "> 60%" }, { mains = "online", for = "1m" }]
[state.critical]
enter = { temperature = "> 85C" }
)";

Sample sample(double percent) {
  Sample out;
  out.frequency = Frequency{percent, percent * 12000};
  out.readings["frequency"].number = percent;
  out.readings["battery"].reason = "no battery";
  out.readings["mains"].text = "offline";
  out.readings["temperature"].number = 61.5;
  return out;
}

struct Told {
  Config config = test::good(rules);
  StateMemory memory;
  Outlook outlook_of(const Sample& seen, std::chrono::milliseconds now, const Hold* hold = nullptr,
                     const OwnLimits& limits = {}) {
    const StateInput in{seen, limits, hold, now};
    memory = decide_state(config.states, memory, in);
    return outlook(config.states, memory, in);
  }
  std::string page(const Outlook& told) const {
    return render_outlook(outlook_json(memory, told, std::chrono::sys_seconds(1000s)),
                          {.now = std::chrono::sys_seconds(1042s)});
  }
};

TEST(Outlook, HowFarAnotherStateIs) {
  Told told;
  const Outlook out = told.outlook_of(sample(62), 100s);
  EXPECT_TRUE(out.leaving.empty());
  ASSERT_EQ(out.others.size(), 3u);
  EXPECT_EQ(out.others[0].state, critical);
  EXPECT_EQ(out.others[0].ways.at(0).tier, Tier::critical);
  EXPECT_EQ(out.others[0].ways[0].needs.at(0).away, 23.5);
  EXPECT_EQ(out.others[1].state, power_saver);
  EXPECT_EQ(out.others[1].ways.at(0).rule, "power-saver.enter[1]");
  EXPECT_EQ(out.others[1].ways[0].needs.at(0).away, 12);
  const Way& battery = out.others[1].ways.at(1);
  EXPECT_EQ(battery.hold_for, 15s);
  EXPECT_EQ(battery.needs.at(0).holds, Truth::unknown);
  EXPECT_EQ(battery.needs[0].reason, "no battery");
  EXPECT_EQ(battery.needs.at(1).holds, Truth::yes);
  EXPECT_TRUE(out.others[2].ways.empty());
}

TEST(Outlook, HowTheRuleThatDecidesEnds) {
  Told told;
  told.outlook_of(sample(40), 100s);
  Sample now = sample(45);
  now.readings["temperature"].number = 86;
  now.readings["mains"].text = "online";
  now.readings["temperature"].number = 70;
  const Outlook out = told.outlook_of(now, 130s);
  ASSERT_EQ(out.leaving.size(), 1u) << "the rule on the battery does not last";
  EXPECT_EQ(out.leaving[0].rule, "power-saver.leave[1]");
  EXPECT_EQ(out.leaving[0].needs.at(0).away, 15);
  EXPECT_FALSE(out.waiting);
}

TEST(Outlook, TheTimeThatARuleHasHeldIsCounted) {
  Told told;
  Sample low = sample(70);
  low.readings["battery"].number = 10;
  told.outlook_of(low, 100s);
  const Outlook out = told.outlook_of(low, 106s);
  EXPECT_EQ(out.others[1].ways.at(1).remaining, 9s);
}

TEST(Outlook, WaitingAndOutranked) {
  Told told;
  told.outlook_of(sample(70), 100s);
  Outlook out = told.outlook_of(sample(40), 105s);
  EXPECT_EQ(out.waiting, power_saver);
  EXPECT_EQ(out.dwell_left, 10s);
  const Hold hold{"a", performance, "a demo", "root", 1h};
  out = told.outlook_of(sample(70), 106s, &hold);
  EXPECT_FALSE(out.others[0].ways.at(0).outranked) << "heat comes before a hold";
  EXPECT_TRUE(out.others[1].ways.at(0).outranked);
}

TEST(StatePage, Balanced) {
  Told told;
  EXPECT_EQ(told.page(told.outlook_of(sample(62), 100s)),
            R"( BALANCED  for 42 s                                                 tier default
 because          default, battery unknown, frequency 62 %, mains offline,
                  temperature 61.5 C

 What another state would need ────────────────────────────────────────────────
 critical         temperature > 85C: now 61.5 C, 23.5 C away
                  critical.enter, tier critical
 power-saver      frequency < 50%: now 62 %, 12 % away
                  power-saver.enter[1], tier load
 or               battery < 20%: unknown, which does not count: no battery; and
                  mains offline: holds, offline; must hold 15 s
                  power-saver.enter[2], tier level
 performance      no rule leads there
)");
}

TEST(StatePage, SelfCapped) {
  Told told;
  Sample now = sample(40);
  told.outlook_of(now, 100s);
  CpufreqPolicy policy;
  policy.name = "policy0";
  policy.current = 480'000;
  policy.hardware_max = 1'200'000;
  now.policies = {policy};
  now.readings["utilisation"].number = 50;
  EXPECT_EQ(told.page(told.outlook_of(now, 106s, nullptr, {.max = {{"policy0", 500'000}}})),
            R"( POWER-SAVER  for 42 s                                                 tier load
 because          power-saver.enter[1], frequency 40 %
 self-capped      Ebb's own limit of 500 MHz on policy0 binds: the load decides,
                  not the frequency

 It ends when one of these holds ──────────────────────────────────────────────
                  frequency > 60%: 40 % (self-capped), which does not count:
                  Ebb's own limit of 500 MHz on policy0 binds
                  power-saver.leave[1], tier load

 What another state would need ────────────────────────────────────────────────
 critical         temperature > 85C: now 61.5 C, 23.5 C away
                  critical.enter, tier critical
 balanced         that no rule holds and nobody holds another state
 performance      no rule leads there
)");
}

TEST(StatePage, SelfRaised) {
  Told told;
  Sample now = sample(40);
  told.outlook_of(now, 100s);
  now = sample(100);
  CpufreqPolicy policy;
  policy.name = "policy0";
  policy.current = policy.hardware_max = 1'200'000;
  now.policies = {policy};
  const std::string page = told.page(told.outlook_of(now, 106s, nullptr, {.min = {{"policy0", 1'200'000}}}));
  EXPECT_NE(page.find(R"(
 self-raised      Ebb's own minimum of 1200 MHz on policy0 binds: the machine
                  would be slower
)"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find(R"(
                  frequency > 60%: 100 % (self-raised), which does not count:
                  Ebb's own minimum of 1200 MHz on policy0 binds
)"),
            std::string::npos)
      << page;
}

TEST(StatePage, AnAnswerOfAnything) {
  for (const char* text : {"{}", "[]", "null", R"({"state": 5, "others": {}, "leaving": [[]]})",
                           R"({"others": [{"state": "critical", "ways": [null, {"needs": 1}]}]})"})
    EXPECT_FALSE(render_outlook(nlohmann::json::parse(text), {}).empty());
}

}  // namespace

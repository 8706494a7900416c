// SPDX-License-Identifier: GPL-2.0-or-later
// The probes that read files, on recorded boards and with one thing missing; what the findings add up to; the
// page.
#include "doctor/probe.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "agentctl/doctor_page.hpp"
#include "agentctl/text.hpp"
#include "doctor/probes.hpp"

namespace fs = std::filesystem;

namespace ebb::doctor {
namespace {

const fs::path trees = fs::path(EBB_SOURCE_DIR) / "tests/support/trees";
const std::string raspberry = trees / "raspi3b-bcm2837", arm = trees / "arm64-cpufreq-dt-psci",
                  laptop = trees / "x86-acpi-cpufreq-battery", nowhere = "/nonexistent";

// The reason without what the look cost, which no test can know.
std::string without_price(const std::string& reason) {
  return reason.substr(0, reason.find("; a look costs"));
}

void expect(const Finding& finding, Health status, const std::string& reason) {
  EXPECT_EQ(word(finding.status), word(status)) << finding.reason;
  EXPECT_EQ(without_price(finding.reason), reason);
}
void expect_off(const Finding& finding) {
  EXPECT_EQ(word(finding.status), "off") << finding.reason;
  EXPECT_NE(finding.reason, "");
  EXPECT_NE(finding.remedy, "") << finding.reason;
}

class Board : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root_); }
  void put(const std::string& path, const std::string& text) const {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::trunc) << text << "\n";
  }
  const fs::path root_ = fs::temp_directory_path() / ("ebb-doctor-" + std::to_string(getpid()));
};

TEST(DoctorSensors, RecordedBoards) {
  expect(look_frequency(raspberry), Health::ok, "1 policy, cpufreq-dt");
  expect(look_frequency(laptop), Health::ok, "2 policies, acpi-cpufreq");
  expect(look_temperature(raspberry), Health::ok, "cpu-thermal; 1 trip point");
  expect(look_temperature(laptop), Health::ok, "acpitz; 3 trip points");
  expect(look_power_supply(laptop), Health::ok, "Battery BAT0; Mains ADP0");
  expect(look_power_supply(arm), Health::ok, "Mains charger");
  expect(look_hwmon(raspberry), Health::degraded, "cpu_thermal: 0 alarms, 0 power meters");
  expect(look_hwmon(laptop), Health::ok, "acpitz, ADP0, BAT0, power_meter: 0 alarms, 2 power meters");
  expect(look_idle(arm), Health::ok, "psci_idle: WFI, cpu-sleep-0");
  expect(look_idle(laptop), Health::ok, "acpi_idle: POLL, C1");
  expect(look_pressure(raspberry), Health::ok, "read");
  expect(look_run_queue(raspberry), Health::ok, "/proc/loadavg");
  for (const auto& finding : {look_frequency(laptop), look_temperature(laptop), look_power_supply(laptop),
                              look_hwmon(laptop), look_idle(laptop), look_pressure(raspberry)})
    EXPECT_NE(finding.reason.find("; a look costs "), std::string::npos) << finding.reason;
}

TEST(DoctorSensors, NothingThere) {
  for (const auto look : {look_frequency, look_frequency_price, look_idle, look_pressure, look_run_queue,
                          look_temperature, look_power_supply, look_hwmon, look_powercap,
                          look_frequency_limits, look_interrupts, look_sysfs, look_manager})
    expect_off(look(nowhere));
}

// Nobody calls a CPU in a recorded tree.
TEST(DoctorSensors, ThePriceOfAFrequency) {
  EXPECT_EQ(look_frequency_price(raspberry).status, Health::ok) << look_frequency_price(raspberry).reason;
  const auto finding = look_frequency_price(laptop);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
    EXPECT_EQ(finding.reason, "wakes nobody: 5 reads made 0 calls of other CPUs, none 0");
  }
  EXPECT_EQ(look_frequency_price(arm).status, Health::unknown) << "no /proc/interrupts there";
}

TEST_F(Board, AnUnderVoltageAlarm) {
  put("sys/class/hwmon/hwmon1/name", "rpi_volt");
  put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0");
  expect(look_hwmon(root_), Health::ok, "rpi_volt: 1 alarm, 0 power meters");
}

TEST_F(Board, AZoneThatDoesNotAnswer) {
  put("sys/class/thermal/thermal_zone0/type", "soc");
  put("sys/class/thermal/thermal_zone0/temp", "40000");
  put("sys/class/thermal/thermal_zone1/type", "modem");
  fs::create_directories(root_ / "sys/class/thermal/thermal_zone1/temp");  // a read fails, whoever reads
  expect(look_temperature(root_), Health::degraded, "cannot be read: modem; of soc, modem; 0 trip points");
}

TEST_F(Board, EnergyCounters) {
  put("sys/class/powercap/intel-rapl/enabled", "1");  // the control type has none
  put("sys/class/powercap/intel-rapl:0/name", "package-0");
  put("sys/class/powercap/intel-rapl:0/energy_uj", "123456");
  expect(look_powercap(root_), Health::ok, "package-0");
}

TEST_F(Board, Topology) {
  EXPECT_EQ(look_topology(raspberry).status, Health::ok);
  put("sys/devices/system/cpu/online", "0-1");
  put("sys/devices/system/cpu/cpu0/cpu_capacity", "446");
  put("sys/devices/system/cpu/cpu1/cpu_capacity", "1024");
  expect(look_topology(root_), Health::ok, "2 CPUs of 2 capacities");
  put("sys/devices/system/cpu/online", "0");
  expect(look_topology(root_), Health::off, "1 CPU: nothing to steer to");
  put("sys/devices/system/cpu/online", "none");
  EXPECT_EQ(look_topology(root_).status, Health::unknown);
}

TEST_F(Board, Capabilities) {
  put("proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n");
  EXPECT_EQ(look_capabilities(root_).status, Health::ok);
  put("proc/self/status", "Name:\tx\nCapEff:\t000000c000001001\n");  // the unit's, without CAP_SYS_ADMIN
  expect(look_capabilities(root_), Health::off, "missing: CAP_SYS_ADMIN");
  EXPECT_EQ(look_capabilities(nowhere).status, Health::unknown);
}

TEST_F(Board, Neighbours) {
  put("proc/1/comm", "systemd");
  put("proc/self/comm", "thermald");  // not a process's own folder
  const std::vector<Finding (*)(const std::string&)> all = {
      look_irqbalance, look_tuned, look_tlp, look_power_profiles, look_thermald, look_intel_lpmd};
  for (const auto look : all) expect(look(root_), Health::ok, "does not run");
  put("proc/77/comm", "irqbalance");
  put("proc/78/comm", "power-profiles-");  // the kernel keeps 15 characters
  put("run/tlp/last_pwr", "0");
  put("sys/fs/cgroup/system.slice/tuned.service/cgroup.procs", "");
  put("sys/fs/cgroup/unified/system.slice/thermald.service/cgroup.procs", "");
  put("proc/79/comm", "intel_lpmd");
  for (const auto look : all) {
    EXPECT_EQ(look(root_).status, Health::degraded) << look(root_).reason;
    EXPECT_NE(look(root_).remedy, "");
  }
  EXPECT_EQ(look_irqbalance(root_).reason, "runs (pid 77); it writes the CPUs of interrupts");
}

TEST(DoctorTable, IdsAreStableAndUnique) {
  std::set<std::string> ids;
  for (const auto& probe : probes()) {
    EXPECT_TRUE(ids.insert(probe.id).second) << probe.id;
    EXPECT_TRUE((probe.look != nullptr) != (probe.attempt != nullptr)) << probe.id;
  }
  for (const char* id : {"packets.maps", "packets.xdp-native", "packets.tcx", "packets.clsact",
                         "packets.defer-fq", "services.cgroup-hooks", "cpus.rps", "sensors.frequency",
                         "tracing.kernel-btf", "system.bpffs", "system.lockdown", "neighbours.irqbalance"})
    EXPECT_TRUE(ids.contains(id)) << id;
}

std::vector<Finding> all_ok() {
  std::vector<Finding> findings;
  for (const auto& probe : probes()) findings.push_back({probe.id, Health::ok, "fine", ""});
  return findings;
}
void set(std::vector<Finding>& findings, std::string_view id, Health status) {
  for (auto& one : findings)
    if (one.id == id) one = {std::string(id), status, "why", "do this"};
}

TEST(DoctorJudgement, TheCoreDecides) {
  auto findings = all_ok();
  EXPECT_TRUE(judge(findings));
  for (auto& one : findings) one.status = Health::degraded;
  EXPECT_TRUE(judge(findings)) << "degraded is not broken";
  for (const char* id :
       {"packets.maps", "packets.xdp-program", "packets.tc-program", "packets.beat", "system.bpffs"}) {
    findings = all_ok();
    set(findings, id, Health::off);
    const auto judged = judge(findings);
    ASSERT_FALSE(judged) << id;
    EXPECT_EQ(judged.error().exit_code, 2);
    EXPECT_EQ(judged.error().what, std::string(id) + ": why");
    EXPECT_EQ(judged.error().hint, "do this");
    set(findings, id, Health::unknown);
    EXPECT_EQ(judge(findings).error().exit_code, 1) << id;
  }
  EXPECT_EQ(judge({}).error().exit_code, 1) << "nothing was asked";
}

TEST(DoctorJudgement, OneHookIsEnough) {
  auto findings = all_ok();
  set(findings, "packets.xdp-native", Health::off);
  set(findings, "packets.tcx", Health::unknown);
  EXPECT_TRUE(judge(findings)) << "clsact is there";
  set(findings, "packets.clsact", Health::off);
  EXPECT_EQ(judge(findings).error().exit_code, 1) << "tcx was not asked";
  set(findings, "packets.tcx", Health::off);
  EXPECT_EQ(judge(findings).error().exit_code, 2);
  EXPECT_EQ(judge(findings).error().what, "packets.xdp-native: why");
  for (const char* other : {"packets.xdp-dispatcher", "cpus.rps", "sensors.frequency", "neighbours.tuned"})
    set(findings, other, Health::off);
  set(findings, "packets.tcx", Health::ok);
  EXPECT_TRUE(judge(findings)) << "the rest is not the core";
}

Finding dies(const std::string&) {
  raise(SIGKILL);
  return {};
}
Finding answers(const std::string&) { return degraded("a \"reason\"\nof two lines", "a remedy"); }

TEST(DoctorChild, AProbeThatDiesCostsOneFinding) {
  const auto findings =
      examine({{"a.first", answers}, {"a.dies", dies}, {"a.dies-too", dies}, {"a.last", answers}});
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->size(), 4u);
  for (const std::size_t i : {std::size_t{0}, std::size_t{3}})
    EXPECT_EQ((*findings)[i].reason, "a \"reason\"\nof two lines");
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    EXPECT_EQ((*findings)[i].status, Health::unknown);
    EXPECT_EQ((*findings)[i].reason, "the probe died of signal 9");
  }
  EXPECT_EQ((*findings)[1].id, "a.dies");
  EXPECT_EQ((*findings)[3].remedy, "a remedy");
}

const std::vector<Finding> sample = {
    {"packets.maps", Health::ok, "memory-mapped, per CPU, and of maps", ""},
    {"packets.tcx", Health::off, "no tcx: Invalid argument", "Linux 6.6 or newer; else Ebb takes clsact"},
    {"sensors.hwmon", Health::degraded,
     "a_chip_with_quite_a_long_name, another_one: 0 alarms, 0 power meters",
     "none needed; under-voltage and watts are unknown"},
    {"neighbours.power-profiles-daemon", Health::unknown, "\x1b[2Jnasty", ""}};

const char* const golden =
    R"page( READY  the agent can do its work on this machine                      Ebb 0.1.0
 1 ok · 1 degraded · 1 off · 1 unknown

 Packets: judged before the stack runs ────────────────────────────────────────
 ok        maps                   memory-mapped, per CPU, and of maps
 off       tcx                    no tcx: Invalid argument
                                  → Linux 6.6 or newer; else Ebb takes clsact

 Sensors: what the power state is decided by ──────────────────────────────────
 degraded  hwmon                  a_chip_with_quite_a_long_name, another_one: 0
                                  alarms, 0 power meters
                                  → none needed; under-voltage and watts are
                                    unknown

 Neighbours: who writes the same settings ─────────────────────────────────────
 unknown   power-profiles-daemon  �[2Jnasty
)page";

TEST(DoctorPage, Golden) { EXPECT_EQ(render_doctor(sample, {}, {.width = 80, .colour = false}), golden); }

TEST(DoctorPage, NoLineIsTooLongAndEveryFindingIsThere) {
  const auto findings = all_ok();
  for (const std::size_t width : {std::size_t{60}, std::size_t{80}}) {
    const auto page = render_doctor(
        findings, fail("packets.maps: " + std::string(200, 'x'), "do this", exit_usage), {.width = width});
    EXPECT_EQ(page.find("\x1b"), std::string::npos);
    EXPECT_NE(page.find("NOT HERE"), std::string::npos);
    EXPECT_NE(page.find("→ do this"), std::string::npos);
    for (std::size_t begin = 0, end; (end = page.find('\n', begin)) != std::string::npos; begin = end + 1)
      EXPECT_LE(width_of(page.substr(begin, end - begin)), width) << page.substr(begin, end - begin);
    for (const auto& one : findings)
      EXPECT_NE(page.find(" " + one.id.substr(one.id.find('.') + 1) + " "), std::string::npos) << one.id;
  }
}

TEST(DoctorPage, Json) {
  const auto list = doctor_json(sample);
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[1], nlohmann::json::parse(R"({"id": "packets.tcx", "status": "off",
    "reason": "no tcx: Invalid argument", "remedy": "Linux 6.6 or newer; else Ebb takes clsact"})"));
}

}  // namespace
}  // namespace ebb::doctor

// SPDX-License-Identifier: GPL-2.0-or-later
// The real agentctl doctor: what it says is true of this kernel, and it leaves no trace.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>

#include "agent.hpp"
#include "doctor/probe.hpp"
#include "lab.hpp"

namespace ebb::test {
namespace {

namespace fs = std::filesystem;

constexpr auto tcx_ingress =
    static_cast<bpf_attach_type>(46);  // BPF_TCX_INGRESS: newer than Debian 12's headers

struct Diagnosis {
  int code = -1;
  nlohmann::json list;
  std::map<std::string, std::string> status;  // by id
  std::map<std::string, std::string> reason;
};

Diagnosis doctor(const std::string& prefix = "") {
  const Answer answer = answer_to(prefix + "'" + program("agentctl") + "' doctor --json");
  Diagnosis out{answer.code, nlohmann::json::parse(answer.text, nullptr, false), {}, {}};
  EXPECT_TRUE(out.list.is_array()) << answer.text;
  if (!out.list.is_array()) return out;
  for (const auto& one : out.list) {
    EXPECT_EQ(one.size(), 4u) << one;
    out.status[one.at("id")] = one.at("status");
    out.reason[one.at("id")] = one.at("reason");
    EXPECT_NE(one.at("reason"), "") << one;
    EXPECT_TRUE(one.at("remedy").is_string());
  }
  return out;
}

// What of this machine a probe could have left changed.
std::string fingerprint() {
  std::string all =
      run("ip -o -d link; ip -o -4 addr; tc qdisc; cat /proc/self/mounts; cat "
          "/proc/sys/net/ipv6/conf/*/disable_ipv6");
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator("/sys/fs/bpf")) files.push_back(entry.path());
  for (const auto& entry : fs::recursive_directory_iterator("/run")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) all += file + "\n";
  for (const auto& device : fs::directory_iterator("/sys/class/net"))
    for (const char* file : {"queues/rx-0/rps_cpus", "queues/tx-0/xps_cpus", "threaded", "gro_flush_timeout",
                             "napi_defer_hard_irqs"})
      all += device.path().string() + "/" + file + " " + read_text(device.path() / file) + "\n";
  for (const auto& entry : fs::directory_iterator("/sys/devices/system/cpu/cpufreq"))
    for (const char* file : {"scaling_min_freq", "scaling_max_freq", "scaling_governor"})
      all += entry.path().string() + "/" + file + " " + read_text(entry.path() / file) + "\n";
  return all;
}

TEST(Doctor, TellsTheTruthAboutThisKernel) {
  const Lab lab;
  const auto begin = std::chrono::steady_clock::now();
  const Diagnosis seen = doctor();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << "1 s on a machine at rest";
  EXPECT_EQ(seen.code, 0);
  ASSERT_EQ(seen.list.size(), doctor::probes().size());
  for (std::size_t i = 0; i < seen.list.size(); ++i) EXPECT_EQ(seen.list[i]["id"], doctor::probes()[i].id);

  const auto says = [&](const std::string& id, bool there) {
    EXPECT_EQ(seen.status.at(id) == "ok", there)
        << id << ": " << seen.status.at(id) << ", " << seen.reason.at(id);
  };
  for (const char* id :
       {"packets.maps", "packets.xdp-program", "packets.tc-program", "packets.beat", "packets.xdp-native",
        "packets.clsact", "packets.xdp-generic", "packets.steer-cpumap", "services.listener-xdp",
        "services.listener-tc", "services.ring-buffer", "services.socket-list", "cpus.rps",
        "cpus.threaded-napi", "cpus.moderation", "system.capabilities", "system.bpffs", "system.sysfs"})
    says(id, true);
  unsigned count = 0;
  says("packets.tcx", bpf_prog_query(static_cast<int>(if_nametoindex(node_if)), tcx_ingress, 0, nullptr,
                                     nullptr, &count) == 0);
  says("packets.defer-fq", answer_to("tc qdisc replace dev node0 root fq").code == 0);
  says("tracing.kernel-btf", fs::exists("/sys/kernel/btf/vmlinux"));
  const bool cpufreq = fs::exists("/sys/devices/system/cpu/cpufreq/policy0");
  says("cpus.frequency-limits", cpufreq);
  says("sensors.frequency", cpufreq);
  says("sensors.pressure", answer_to("cat /proc/pressure/cpu").code == 0);
}

TEST(Doctor, DisturbsNeitherTheAgentNorTheMachine) {
  const Lab lab;
  Agent agent(R"([agent]
interfaces = ["node0"]
interval = "200ms"
)");
  const auto before = interface_status();
  const std::string trace = fingerprint(), log = Agent::log();
  const Diagnosis seen = doctor();
  EXPECT_EQ(seen.code, 0);
  EXPECT_EQ(fingerprint(), trace);
  EXPECT_TRUE(agent.running());
  EXPECT_EQ(interface_status(), before);
  EXPECT_EQ(Agent::log(), log);
  const bool dispatcher = before.value("hook_reason", "").find("dispatcher") != std::string::npos;
  EXPECT_EQ(seen.status.at("packets.xdp-dispatcher"), dispatcher ? "ok" : "off");
}

TEST(Doctor, WithoutCapabilitiesItSaysWhatIsMissing) {
  const Lab lab;
  const Diagnosis seen = doctor("setpriv --bounding-set -all --inh-caps -all ");
  EXPECT_EQ(seen.code, 2);
  for (const char* id : {"packets.xdp-program", "packets.tc-program", "system.capabilities"}) {
    EXPECT_EQ(seen.status.at(id), "off") << id << ": " << seen.reason.at(id);
  }
  EXPECT_NE(seen.reason.at("packets.xdp-program").find("Operation not permitted"), std::string::npos);
  EXPECT_EQ(seen.status.at("cpus.rps"), "unknown") << "it cannot be tried";
  const Answer page =
      answer_to("setpriv --bounding-set -all --inh-caps -all '" + program("agentctl") + "' doctor");
  EXPECT_EQ(page.code, 2);
  EXPECT_TRUE(page.text.starts_with(" NOT HERE")) << page.text;
}

TEST(Doctor, OthersThanRootAreToldOnce) {
  const Lab lab;
  fs::copy_file(program("agentctl"), "/run/test/agentctl");  // where anybody may run it
  const Answer answer =
      answer_to("setpriv --reuid 65534 --regid 65534 --clear-groups /run/test/agentctl doctor --json");
  EXPECT_EQ(answer.code, 1);
  EXPECT_EQ(answer.text, "agentctl: doctor tries things that only root may\nhint: sudo agentctl doctor\n");
}

TEST(Doctor, NamesWhatIsInTheWay) {
  const Lab lab;
  umount2("/sys/fs/bpf", MNT_DETACH);
  const Diagnosis seen = doctor();
  EXPECT_EQ(seen.code, 2);
  EXPECT_EQ(seen.status.at("system.bpffs"), "off");
  EXPECT_EQ(seen.status.at("packets.xdp-native"), "ok") << "on the bench it can be tried all the same";
  const Answer page = answer_to("'" + program("agentctl") + "' doctor");
  EXPECT_NE(page.text.find("→ mount -t bpf bpf /sys/fs/bpf"), std::string::npos) << page.text;
}

TEST(Doctor, AReadOnlySandboxIsNotBelieved) {
  const Lab lab;
  run("mount -o remount,bind,ro /sys");
  const Diagnosis seen = doctor();
  EXPECT_EQ(seen.code, 0) << "packets are judged all the same";
  for (const char* id : {"system.sysfs", "cpus.rps", "cpus.moderation", "cpus.threaded-napi"})
    EXPECT_EQ(seen.status.at(id), "off") << id << ": " << seen.reason.at(id);
}

TEST(Doctor, NamesANeighbour) {
  const Lab lab;
  EXPECT_EQ(doctor().status.at("neighbours.irqbalance"),
            answer_to("pgrep -x irqbalance").code == 0 ? "degraded" : "ok");
  run("cp /bin/sleep /run/test/irqbalance");
  const std::string pid = run("/run/test/irqbalance 60 >/dev/null 2>&1 & echo -n $!");
  const Diagnosis seen = doctor();
  EXPECT_EQ(seen.status.at("neighbours.irqbalance"), "degraded");
  run("kill " + pid);
}

}  // namespace
}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
// Bad input: one clear message with a hint, the right exit code, and nothing changed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "agent.hpp"
#include "foreign.hpp"
#include "lab.hpp"

namespace ebb::test {
namespace {

namespace fs = std::filesystem;

const std::string good_config = R"(
[agent]
interfaces = ["node0"]
interval = "200ms"
enforcement = "enforce"
[state.balanced]
cpus = "0"
[[class]]
name = "chatter"
kind = "background"
match = [{ proto = "udp", dport = [20001] }]
treat = { balanced = ["drop"] }
)";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

sockaddr_un agent_address() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string("/run/ebb/agent.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// All that Ebb could have changed. Locks stay, and so does the folder that libxdp makes for its dispatcher.
std::string fingerprint() {
  std::string all = "xdp " + std::to_string(xdp_program_on(node_if)) + " tcx " +
                    std::to_string(tcx_programs_on(node_if)) + " rps " +
                    read_text("/sys/class/net/node0/queues/rx-0/rps_cpus");
  for (const char* folder : {"/sys/fs/bpf", "/run/ebb"}) {
    std::vector<std::string> files;
    if (fs::exists(folder))
      for (const auto& entry : fs::recursive_directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files)
      if (!file.ends_with(".debug") && !file.ends_with("lock") && file != "/sys/fs/bpf/xdp")
        all += "\n" + file;
  }
  return all;
}

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    write_text(config, good_config);
    // Where nobody may run them too.
    run("cp '" + program("agentd") + "' '" + program("agentctl") + "' /run/test/");
  }

  // Runs a command that must fail: the code, a piece of the message, a hint, and nothing changed.
  static void refused(const std::string& command, int code, const std::string& fragment) {
    SCOPED_TRACE(command);
    const std::string before = fingerprint();
    const Answer answer = answer_to("cd /run/test; timeout 10 " + command);
    EXPECT_EQ(answer.code, code) << answer.text;
    EXPECT_NE(lower(answer.text).find(lower(fragment)), std::string::npos)
        << "expected: " << fragment << "\nfound: " << answer.text;
    EXPECT_NE(lower(answer.text).find("hint"), std::string::npos) << answer.text;
    EXPECT_EQ(count(lower(answer.text), "hint"), 1U) << "one message, one hint: " << answer.text;
    EXPECT_EQ(fingerprint(), before);
  }

  Lab lab;
  const std::string config = "/run/test/bad.toml";
  const std::string agentd = "./agentd --config /run/test/bad.toml";
  const std::string nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
};

struct WrongText {
  const char* what;
  std::string text;
  const char* fragment;
};

TEST_F(BadInput, ConfigurationThatIsWrong) {
  const std::string agent = "[agent]\ninterfaces = [\"node0\"]\n";
  const std::string rule = "match = [{ proto = \"udp\", dport = [20001] }]\n";
  const std::string one_class = "[[class]]\nname = \"a\"\nkind = \"background\"\n" + rule;
  const std::vector<WrongText> rows = {
      {"malformed", "[agent\ninterfaces = [", "bad.toml:1"},
      {"not text", std::string("\x01\x02\xff", 3), "bad.toml:1"},
      {"unknown key", agent + "intervall = \"1s\"\n", "interval"},
      {"unknown table", agent + "[network]\n", "network"},
      {"wrong type", "[agent]\ninterfaces = 5\n", "bad.toml:2"},
      {"out of range", agent + "interval = \"1ms\"\n", "100ms"},
      {"no interface", "[agent]\n", "interface"},
      {"unknown state", agent + "[state.turbo]\n", "turbo"},
      {"states that overlap",
       agent + "[state.power-saver]\nenter = { frequency = \"< 50%\" }\n"
               "leave = { frequency = \"< 80%\" }\n",
       "leave"},
      {"contradictory treatment", agent + one_class + "treat = { balanced = [\"drop\", \"steer\"] }\n",
       "drop"},
      {"class named twice", agent + one_class + one_class, "\"a\""},
      {"trim of a cipher",
       agent + "[[class]]\nname = \"a\"\nkind = \"bulk\"\n"
               "match = [{ proto = \"udp\", dport = [443] }]\n"
               "treat = { balanced = [\"trim=64\"] }\n",
       "443"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    write_text(config, row.text);
    refused(agentd, 2, row.fragment);
    refused(agentd + " --check", 2, row.fragment);
    refused("./agentctl config check /run/test/bad.toml", 2, row.fragment);
  }
  refused("./agentd --config /run/test/none.toml", 2, "none.toml");
  refused("./agentd --config /run/test", 2, "/run/test");
}

TEST_F(BadInput, CheckTouchesNothing) {
  const std::string before = fingerprint();
  for (const std::string& who : {std::string(), nobody}) {
    const Answer answer = answer_to("cd /run/test; " + who + agentd + " --check");
    EXPECT_EQ(answer.code, 0) << answer.text;
  }
  EXPECT_EQ(fingerprint(), before);
  refused("./agentd --nonsense", 2, "nonsense");
  refused("./agentctl nonsense", 2, "nonsense");
}

TEST_F(BadInput, WithoutPermission) {
  refused(nobody + agentd, 1, "root");
  refused("setpriv --bounding-set=-all " + agentd, 1, "permi");
}

TEST_F(BadInput, SecondAgent) {
  Agent first(good_config);
  refused(agentd, 1, "another agent");
  EXPECT_TRUE(first.running());
  EXPECT_EQ(interface_status()["hook"], "xdp-native");
  EXPECT_EQ(first.stop(), 0);
}

TEST_F(BadInput, StaleSocket) {
  run("mkdir -p /run/ebb");
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = agent_address();
  ASSERT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  refused("./agentctl status", 3, "agent");
  Agent agent(good_config);
  EXPECT_EQ(agent.stop(), 0);
}

// Killed, and not yet gone: it still has the lock, and its socket still takes connections, but answers none.
TEST_F(BadInput, ADyingAgentIsWaitedFor) {
  run("mkdir -p /run/ebb");
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = agent_address();
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  const pid_t dying = fork();
  if (dying == 0) {
    const int lock = open("/run/ebb/agent.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    alarm(10);  // should nobody ask
    const bool locked = flock(lock, LOCK_EX | LOCK_NB) == 0;
    close(accept(listener.get(), nullptr, nullptr));
    usleep(300'000);
    _exit(locked ? 0 : 1);
  }
  ASSERT_GT(dying, 0);
  const Answer restored = answer_to("/run/test/agentctl restore");
  EXPECT_EQ(restored.code, 0) << restored.text;
  int status = -1;
  EXPECT_EQ(waitpid(dying, &status, WNOHANG), dying) << "it was not waited for";
  EXPECT_EQ(status, 0) << "the lock was not free";
}

TEST_F(BadInput, PinsOfAnotherAbi) {
  run("mkdir -p /sys/fs/bpf/ebb/v0");
  Foreign foreign;
  foreign.pin("/sys/fs/bpf/ebb/v0/ebb_xdp");
  refused(agentd, 1, "agentctl restore");
  const Answer restored = answer_to("/run/test/agentctl restore");
  EXPECT_EQ(restored.code, 0) << restored.text;
  EXPECT_FALSE(fs::exists("/sys/fs/bpf/ebb/v0"));
  EXPECT_EQ(answer_to("/run/test/agentctl restore").code, 0) << "twice is the same as once";
  Agent agent(good_config);
}

TEST_F(BadInput, NoBpffs) {
  run("umount /sys/fs/bpf");
  refused(agentd, 2, "mount");
}

TEST_F(BadInput, NoAgent) {
  for (const char* verb : {"status", "status --json", "enforce on", "enforce off"})
    refused(std::string("./agentctl ") + verb, 3, "agentd");
}

TEST_F(BadInput, NoCpufreq) {
  run("mkdir /run/test/root");
  Agent agent(good_config, "--root /run/test/root");
  const auto now = status();
  EXPECT_EQ(now["state"], "balanced");
  EXPECT_EQ(now["sensors"]["frequency"]["status"], "unknown");
  EXPECT_TRUE(now["sensors"]["frequency"]["value"].is_null());
  EXPECT_NE(now["sensors"]["frequency"]["reason"].get<std::string>().find("cpufreq"), std::string::npos);
  EXPECT_EQ(agent.stop(), 0);
}

TEST_F(BadInput, AbsurdSensorValues) {
  run("cp -r '" EBB_TREES "/raspi3b-bcm2837' /run/test/root");
  const std::string file = "/run/test/root/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq";
  const auto frequency_is = [](const std::string& answer) {
    return wait_for(3000, [&] { return status()["sensors"]["frequency"]["status"] == answer; });
  };
  write_text(file, "1200000\n");
  Agent agent(good_config, "--root /run/test/root");
  for (const char* text :
       {"", "-5\n", "0\n", "fast\n", "1200000 kHz\n", "99999999999999999999999\n", "4294967296\n"}) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(frequency_is("ok")) << status()["sensors"].dump(2);
    write_text(file, text);
    EXPECT_TRUE(frequency_is("unknown")) << status()["sensors"].dump(2);
    EXPECT_NE(status()["sensors"]["frequency"]["reason"], "");
    EXPECT_EQ(status()["state"], "balanced");
    write_text(file, "1200000\n");
  }
  EXPECT_TRUE(frequency_is("ok"));
  run("rm " + file + " && mkdir " + file);  // unreadable, for root too
  EXPECT_TRUE(frequency_is("unknown"));
  EXPECT_EQ(agent.stop(), 0);
}

TEST_F(BadInput, UnknownInterfaceIsWaitedFor) {
  std::string text = good_config;
  text.replace(text.find("\"node0\""), 7, "\"node0\", \"wlan9\"");
  run("cp -r '" EBB_TREES "/raspi3b-bcm2837' /run/test/root");  // so that nothing else deserves a warning
  Agent agent(text, "--root /run/test/root");
  const auto hook = [] { return interface_status("wlan9").value("hook", "?"); };
  EXPECT_EQ(hook(), "none");
  sleep_ms(500);  // more than two intervals: it is not said again
  EXPECT_EQ(count(Agent::log(), "warn"), 1U) << Agent::log();
  EXPECT_NE(Agent::log().find("wlan9"), std::string::npos);
  EXPECT_EQ(count(Agent::log(), "HINT"), 1U) << Agent::log();
  for (int round = 0; round < 2; ++round) {
    run("ip link add wlan9 type veth peer name other9 && ip link set wlan9 up");
    EXPECT_TRUE(wait_for(3000, [&] { return hook() == "xdp-native"; })) << hook() << Agent::log();
    EXPECT_NE(xdp_program_on("wlan9"), 0U);
    run("ip link del wlan9");
    EXPECT_TRUE(wait_for(3000, [&] { return hook() == "none"; })) << hook() << Agent::log();
  }
  EXPECT_EQ(interface_status("node0")["hook"], "xdp-native");
  EXPECT_EQ(agent.stop(), 0);
}

}  // namespace
}  // namespace ebb::test

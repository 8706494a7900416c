// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "lab.hpp"

namespace ebb::test {
namespace {

const std::string config_path = std::string(Lab::folder) + "/agent.toml";
const std::string log_path = std::string(Lab::folder) + "/agentd.log";

}  // namespace

Agent::Agent(const std::string& config, const std::string& options, bool attached) {
  write_text(config_path, config);
  write_text(log_path, "");
  const std::string command = "exec '" + program("agentd") + "' --config " + config_path + " " + options;
  pid_ = fork();
  if (pid_ < 0) die("cannot fork");
  if (pid_ == 0) {
    const int log = open(log_path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    dup2(log, 1);
    dup2(log, 2);
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  const bool ready = wait_for(10000, [&] {
    if (!running()) return true;
    if (!attached) return !status().is_null();
    const auto interface = interface_status();
    return interface.is_object() && !interface.value("hook", "").empty() &&
           interface.value("hook", "") != "none";
  });
  if (ready && running()) return;
  errno = 0;
  const std::string seen = "status: " + answer_to("'" + program("agentctl") + "' status --json").text;
  if (running()) stop();
  die("agentd is not ready\n" + seen + "\nlog:\n" + log());
}

Agent::~Agent() {
  if (pid_) stop();
}

int Agent::wait() {
  int code = 0;
  waitpid(pid_, &code, 0);
  pid_ = 0;
  return WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
}

int Agent::stop() {
  ::kill(pid_, SIGTERM);
  if (!wait_for(10000, [&] { return !running(); })) ::kill(pid_, SIGKILL);
  return wait();
}

void Agent::reload(const std::string& config) {
  std::size_t classes = 1;  // the status adds "unclassified"
  for (auto at = config.find("[[class]]"); at != std::string::npos; at = config.find("[[class]]", at + 1))
    ++classes;
  write_text(config_path, config);
  ::kill(pid_, SIGHUP);
  if (!wait_for(5000, [&] { return status()["classes"].size() == classes; }))
    die("agentd did not take the new configuration\n" + log());
}

void Agent::kill() {
  ::kill(pid_, SIGKILL);
  wait();
}

void Agent::kill_with_guardian() {
  const pid_t other = guardian();
  if (!other) die("the agent has no guardian");
  ::kill(pid_, SIGSTOP);  // neither can notice that the other one went first
  ::kill(other, SIGKILL);
  ::kill(pid_, SIGKILL);
  wait();
}

bool Agent::running() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

pid_t Agent::guardian() const {
  const std::string me = std::to_string(pid_);
  std::istringstream children(read_text("/proc/" + me + "/task/" + me + "/children"));
  for (pid_t child = 0; children >> child;)
    if (read_text("/proc/" + std::to_string(child) + "/comm") == "ebb-guardian") return child;
  return 0;
}

std::string Agent::log() { return read_text(log_path); }

nlohmann::json status() {
  const Answer answer = answer_to("'" + program("agentctl") + "' status --json 2>/dev/null");
  if (answer.code) return nullptr;
  return nlohmann::json::parse(answer.text, nullptr, false);
}

nlohmann::json interface_status(const std::string& name) {
  const auto all = status();
  if (!all.is_object() || !all.contains("interfaces")) return nullptr;
  for (const auto& one : all["interfaces"])
    if (one.value("name", "") == name) return one;
  return nullptr;
}

}  // namespace ebb::test

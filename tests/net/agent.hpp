// SPDX-License-Identifier: GPL-2.0-or-later
// The real agentd and agentctl, as a test runs them inside a Lab.
#pragma once

#include <sys/types.h>

#include <string>

#include <nlohmann/json.hpp>

namespace ebb::test {

class Agent {
 public:
  // Starts agentd with this configuration text and waits until it serves its status and node0 is attached
  // (or, with attached = false, only until it serves). Ends the program with agentd's log if that does not
  // happen within 10 s.
  explicit Agent(const std::string& config, const std::string& options = "", bool attached = true);
  ~Agent();  // stops it, if it still runs

  void reload(const std::string& config);  // SIGHUP; waits until the new classes stand in the status
  int stop();                              // SIGTERM; its exit code
  void kill();                             // SIGKILL: the guardian is left alone with the mess
  void kill_with_guardian();               // both at the same instant
  bool running() const;
  pid_t pid() const { return pid_; }
  pid_t guardian() const;    // 0: none
  static std::string log();  // what agentd wrote to standard error since its start

 private:
  int wait();
  pid_t pid_ = 0;
};

nlohmann::json status();  // agentctl status --json; null if it fails
nlohmann::json interface_status(const std::string& name = "node0");

}  // namespace ebb::test

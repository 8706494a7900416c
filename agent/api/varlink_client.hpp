// SPDX-License-Identifier: GPL-2.0-or-later
// Varlink calls over the agent's socket.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

inline constexpr const char* default_socket = "/run/ebb/agent.sock";

// A connection that stays, for calls whose replies go on and for what ends when it closes.
class VarlinkConnection {
 public:
  using Timeout = std::optional<std::chrono::milliseconds>;  // nothing: as long as it takes

  // Errors, here and below: those of varlink_call().
  static Result<VarlinkConnection> open(const std::string& socket_path, std::chrono::milliseconds timeout);

  // The first reply. `more`: further ones may follow.
  Result<nlohmann::json> call(const std::string& method, const nlohmann::json& parameters,
                              std::chrono::milliseconds timeout, bool more = false);
  Result<nlohmann::json> next(Timeout timeout);
  int fd() const { return fd_.get(); }

 private:
  explicit VarlinkConnection(Fd fd) : fd_(std::move(fd)) {}
  Result<std::string> receive(Timeout timeout);  // one message, without its NUL
  Fd fd_;
  std::string method_;  // that was called last
  std::string in_;      // behind the last message
};

// Calls METHOD ("io.ebb.Agent.Status") and waits for its reply, `timeout` altogether. Errors: exit_no_agent
// when nobody listens (with a hint how to start agentd); for a varlink error its message and hint, exit_usage
// where the caller asked something wrong; exit_failed for a broken reply; with number ECONNRESET
// or EPIPE where the agent went away.
Result<nlohmann::json> varlink_call(const std::string& socket_path, const std::string& method,
                                    const nlohmann::json& parameters = nlohmann::json::object(),
                                    std::chrono::milliseconds timeout = std::chrono::seconds(5));

}  // namespace ebb

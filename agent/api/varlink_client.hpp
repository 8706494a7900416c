// SPDX-License-Identifier: GPL-2.0-or-later
// One varlink call over the agent's socket.
#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace ebb {

inline constexpr const char* default_socket = "/run/ebb/agent.sock";

// Calls METHOD ("io.ebb.Agent.Status") and waits for its reply, `timeout` altogether. Errors: exit_no_agent
// when nobody listens (with a hint how to start agentd); for a varlink error its message and hint, exit_usage
// where the caller asked something wrong; exit_failed for a broken reply.
Result<nlohmann::json> varlink_call(const std::string& socket_path, const std::string& method,
                                    const nlohmann::json& parameters = nlohmann::json::object(),
                                    std::chrono::milliseconds timeout = std::chrono::seconds(5));

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// A varlink server (https://varlink.org): NUL-terminated JSON over a Unix stream socket, on the agent's event
// loop. A malformed, oversized or slow client costs the agent nothing but its connection.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/loop.hpp"
#include "base/result.hpp"

namespace ebb {

struct Peer {
  uid_t uid;  // of the process that connected (SO_PEERCRED)
  pid_t pid;
};

struct VarlinkError {
  std::string name;  // "io.ebb.Agent.Failed"
  nlohmann::json parameters;
};

// The parameters of the reply, or an error.
using VarlinkReply = tl::expected<nlohmann::json, VarlinkError>;

inline tl::unexpected<VarlinkError> varlink_error(std::string name, nlohmann::json parameters) {
  return tl::unexpected(VarlinkError{std::move(name), std::move(parameters)});
}
inline tl::unexpected<VarlinkError> invalid_parameter(std::string parameter) {
  return varlink_error("org.varlink.service.InvalidParameter", {{"parameter", std::move(parameter)}});
}

using VarlinkMethod = std::function<VarlinkReply(const nlohmann::json& parameters, const Peer& peer)>;

struct VarlinkInterface {
  std::string name;                              // "io.ebb.Agent"
  std::string description;                       // the interface in the varlink definition language
  std::map<std::string, VarlinkMethod> methods;  // "Status" -> handler; what it throws becomes NAME.Failed
};

class VarlinkServer {
 public:
  static constexpr std::size_t max_message = 65536;  // bytes of one request
  static constexpr std::size_t max_pending =
      1 << 20;                                    // bytes of replies that a client has not read; more: closed
  static constexpr std::size_t max_clients = 32;  // one more, and the client silent for longest is closed
  static constexpr int max_depth = 32;            // nested arrays and objects of one request

  // Listens on `path` (0660, group `ebb` where that group exists, else 0600); a stale socket is replaced. The
  // caller holds the agent lock, so no other agent can own the socket. Serves org.varlink.service beside
  // `interface`.
  static Result<std::unique_ptr<VarlinkServer>> open(Loop& loop, const std::string& path,
                                                     VarlinkInterface interface);
  virtual ~VarlinkServer() = default;  // closes every connection and removes the socket
};

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// A varlink server (https://varlink.org): NUL-terminated JSON over a Unix stream socket, on the agent's event
// loop. A malformed, oversized or slow client costs the agent nothing but its connection.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/loop.hpp"
#include "base/result.hpp"

namespace ebb {

struct Peer {
  uid_t uid;  // of the process that connected (SO_PEERCRED)
  pid_t pid;
  std::uint64_t connection = 0;  // never used again after it closed
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
  std::set<std::string> streams = {};  // methods that go on, if they are called with `more`: publish()
  std::function<void(std::uint64_t connection)> closed = {};  // a connection is gone, whoever closed it
};

class VarlinkServer {
 public:
  static constexpr std::size_t max_message = 65536;  // bytes of one request
  static constexpr std::size_t max_pending =
      1 << 20;                                    // bytes of replies that a client has not read; more: closed
  static constexpr std::size_t max_clients = 32;  // one more, and the client silent for longest is closed;
                                                  // those that wait (publish, keep) only if there is no other
  static constexpr int max_depth = 32;            // nested arrays and objects of one request

  // Listens on `path` (0660, group `ebb` where that group exists, else 0600); a stale socket is replaced. The
  // caller holds the agent lock, so no other agent can own the socket. Serves org.varlink.service beside
  // `interface`.
  static Result<std::unique_ptr<VarlinkServer>> open(Loop& loop, const std::string& path,
                                                     VarlinkInterface interface);
  virtual ~VarlinkServer() = default;  // closes every connection, without a word, and removes the socket

  // One more reply to everybody who called METHOD ("Watch") of the interface with `more`. A client that does
  // not read loses its connection when max_pending is reached.
  virtual void publish(const std::string& method, const nlohmann::json& parameters) = 0;

  // This connection is silent because it waits: it is not the one that makes room for a new client.
  virtual void keep(std::uint64_t connection) = 0;
};

}  // namespace ebb

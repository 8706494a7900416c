// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/varlink_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/fd.hpp"

namespace ebb {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t max_reply = 16 << 20;  // bytes
constexpr const char* start_hint = "start it: systemctl start ebb-agentd, or agentd";
constexpr const char* log_hint = "see the agent's log: journalctl -u ebb-agentd";

tl::unexpected<Error> no_answer(std::chrono::milliseconds timeout) {
  return fail("the agent did not answer within " + std::to_string(timeout.count()) + " ms", log_hint);
}

Result<Fd> connect_to(const std::string& path, std::chrono::milliseconds timeout) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail("not a socket path: '" + path + "'", "", exit_usage);
  path.copy(address.sun_path, path.size());

  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto us = std::chrono::microseconds(timeout).count();
  const timeval limit{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
    return fail_errno("cannot create a socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
      return fail("no agent is running (nobody listens on " + path + ")", start_hint, exit_no_agent);
    case EACCES:
    case EPERM:
      return fail("not allowed to talk to the agent on " + path, "run it as root, or join the group ebb");
    case EAGAIN:
      return no_answer(timeout);
    default:
      return fail_errno("cannot connect to " + path, errno);
  }
}

Status send_all(const Fd& fd, const std::string& message, std::chrono::milliseconds timeout) {
  for (std::size_t sent = 0; sent < message.size();) {
    const ssize_t put = send(fd.get(), message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return no_answer(timeout);
    if (put < 0) return fail_errno("cannot ask the agent", errno, log_hint);
    sent += static_cast<std::size_t>(put);
  }
  return {};
}

// One message, without its NUL.
Result<std::string> receive(const Fd& fd, Clock::time_point deadline, std::chrono::milliseconds timeout) {
  std::string message;
  std::array<char, 16384> chunk;
  while (message.size() <= max_reply) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{.fd = fd.get(), .events = POLLIN, .revents = 0};
    const int count = left > 0 ? poll(&ready, 1, static_cast<int>(left)) : 0;
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) return no_answer(timeout);
    const ssize_t got = recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("the agent closed the connection without an answer", log_hint);
    const auto end = chunk.begin() + got;
    const auto nul = std::find(chunk.begin(), end, '\0');
    message.append(chunk.begin(), nul);
    if (nul != end) return message;
  }
  return fail("the agent's reply is too long");
}

std::string text_of(const json& parameters, const char* key) {
  const auto found = parameters.find(key);
  return found != parameters.end() && found->is_string() ? found->get<std::string>() : std::string();
}

tl::unexpected<Error> told_error(const std::string& method, const std::string& name, const json& parameters) {
  if (name == "org.varlink.service.MethodNotFound" || name == "org.varlink.service.InterfaceNotFound")
    return fail("the running agent does not know " + method,
                "it is another version than agentctl: restart it");
  if (name == "org.varlink.service.InvalidParameter")
    return fail("the running agent does not understand the parameter " + text_of(parameters, "parameter"),
                "see agentctl --help", exit_usage);
  const auto message = text_of(parameters, "message");
  const bool usage = name == "io.ebb.Agent.InvalidConfiguration" || name == "io.ebb.Agent.InvalidQuestion";
  return fail(message.empty() ? name : message, text_of(parameters, "hint"),
              usage ? exit_usage : exit_failed);
}

}  // namespace

Result<json> varlink_call(const std::string& socket_path, const std::string& method, const json& parameters,
                          std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  auto fd = connect_to(socket_path, timeout);
  if (!fd) return tl::unexpected(fd.error());
  const std::string call = json{{"method", method}, {"parameters", parameters}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
  if (auto sent = send_all(*fd, call + '\0', timeout); !sent) return tl::unexpected(sent.error());
  auto message = receive(*fd, deadline, timeout);
  if (!message) return tl::unexpected(message.error());

  json reply = json::parse(*message, nullptr, false);
  if (!reply.is_object()) return fail("the agent's reply is not a varlink reply", log_hint);
  json answer = reply.contains("parameters") ? std::move(reply["parameters"]) : json::object();
  if (const auto error = reply.find("error"); error != reply.end())
    return told_error(method, error->is_string() ? error->get<std::string>() : "unknown error", answer);
  if (!answer.is_object()) return fail("the agent's reply is not a varlink reply", log_hint);
  return answer;
}

}  // namespace ebb

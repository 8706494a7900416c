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

Result<VarlinkConnection> VarlinkConnection::open(const std::string& socket_path,
                                                  std::chrono::milliseconds timeout) {
  auto fd = connect_to(socket_path, timeout);
  if (!fd) return tl::unexpected(fd.error());
  return VarlinkConnection(std::move(*fd));
}

Result<std::string> VarlinkConnection::receive(Timeout timeout) {
  const auto deadline = Clock::now() + timeout.value_or(std::chrono::milliseconds(0));
  std::array<char, 16384> chunk;
  for (std::size_t end; (end = in_.find('\0')) == std::string::npos;) {
    if (in_.size() > max_reply) return fail("the agent's reply is too long");
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const int count = !timeout ? poll(&ready, 1, -1) : left > 0 ? poll(&ready, 1, static_cast<int>(left)) : 0;
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) return no_answer(timeout.value_or(std::chrono::milliseconds(0)));
    const ssize_t got = recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return tl::unexpected(
          Error{"the agent closed the connection without an answer", log_hint, exit_failed, ECONNRESET});
    in_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  const auto end = in_.find('\0');
  std::string message = in_.substr(0, end);
  in_.erase(0, end + 1);
  return message;
}

Result<json> VarlinkConnection::call(const std::string& method, const json& parameters,
                                     std::chrono::milliseconds timeout, bool more) {
  json call = {{"method", method}, {"parameters", parameters}};
  if (more) call["more"] = true;
  const std::string text = call.dump(-1, ' ', false, json::error_handler_t::replace);
  if (auto sent = send_all(fd_, text + '\0', timeout); !sent) return tl::unexpected(sent.error());
  method_ = method;
  return next(timeout);
}

Result<json> VarlinkConnection::next(Timeout timeout) {
  auto message = receive(timeout);
  if (!message) return tl::unexpected(message.error());
  json reply = json::parse(*message, nullptr, false);
  if (!reply.is_object()) return fail("the agent's reply is not a varlink reply", log_hint);
  json answer = reply.contains("parameters") ? std::move(reply["parameters"]) : json::object();
  if (const auto error = reply.find("error"); error != reply.end())
    return told_error(method_, error->is_string() ? error->get<std::string>() : "unknown error", answer);
  if (!answer.is_object()) return fail("the agent's reply is not a varlink reply", log_hint);
  return answer;
}

Result<json> varlink_call(const std::string& socket_path, const std::string& method, const json& parameters,
                          std::chrono::milliseconds timeout) {
  const auto begin = Clock::now();
  auto connection = VarlinkConnection::open(socket_path, timeout);
  if (!connection) return tl::unexpected(connection.error());
  const auto left = timeout - std::chrono::floor<std::chrono::milliseconds>(Clock::now() - begin);
  return connection->call(method, parameters, std::max(left, std::chrono::milliseconds(1)));
}

}  // namespace ebb

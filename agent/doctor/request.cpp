// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/request.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/fd.hpp"

namespace ebb::doctor {

void Request::append(const void* bytes, std::size_t size) {
  body_.append(static_cast<const char*>(bytes), size);
  body_.resize(NLMSG_ALIGN(body_.size()));
}

Request& Request::put(std::uint16_t attribute, const void* bytes, std::size_t size) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + size), attribute};
  append(&header, sizeof header);
  append(bytes, size);
  return *this;
}

Request& Request::put(std::uint16_t attribute, const char* text) {
  return put(attribute, text, std::strlen(text) + 1);
}

std::size_t Request::begin(std::uint16_t attribute) {
  const std::size_t at = body_.size();
  put(attribute, "", 0);
  return at;
}

Request& Request::end(std::size_t begun) {
  const auto size = static_cast<std::uint16_t>(body_.size() - begun);
  std::memcpy(body_.data() + begun, &size, sizeof size);
  return *this;
}

Status Request::send(int protocol) const {
  const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return fail_errno("cannot open a netlink socket", errno);
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(body_.size()));
  header.nlmsg_type = type_;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags_);
  const std::string bytes = std::string(reinterpret_cast<const char*>(&header), sizeof header) + body_;
  if (::send(fd.get(), bytes.data(), bytes.size(), 0) < 0) return fail_errno("netlink", errno);
  std::array<char, 8192> answer{};
  const ssize_t got = recv(fd.get(), answer.data(), answer.size(), 0);
  if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(int))))
    return fail_errno("netlink", got < 0 ? errno : EIO);
  int error = 0;
  std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
  if (error != 0) return fail_errno("netlink", -error);
  return {};
}

}  // namespace ebb::doctor

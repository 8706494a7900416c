// SPDX-License-Identifier: GPL-2.0-or-later
#include "sense/netlink.hpp"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/fd.hpp"

namespace ebb {
namespace {

constexpr int attempts = 5;  // at a list that keeps changing; then it is taken as it is

struct Answer {
  std::vector<NetlinkMessage> messages;
  bool changed = false;  // while it was being read
};

// Reads one datagram's messages. True: the list is complete.
Result<bool> take(const char* at, std::size_t left, Answer& answer) {
  while (left >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > left) break;
    answer.changed = answer.changed || header.nlmsg_flags & NLM_F_DUMP_INTR;
    const std::string_view body(at + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      int error = 0;
      if (body.size() >= sizeof error) std::memcpy(&error, body.data(), sizeof error);
      if (error < 0) return fail_errno("netlink", -error);
      return true;
    }
    answer.messages.push_back({header.nlmsg_type, std::string(body)});
    const std::size_t step = NLMSG_ALIGN(header.nlmsg_len);
    at += std::min(step, left);
    left -= std::min(step, left);
  }
  return false;
}

// What the kernel answers to a request with these flags, until it says that this is all.
Result<Answer> ask(int protocol, std::uint16_t type, std::uint16_t flags, const void* request,
                   std::size_t size) {
  const Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return fail_errno("cannot open a netlink socket", errno);
  std::array<char, 256> question{};
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(size));
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_REQUEST | flags;
  std::memcpy(question.data(), &header, sizeof header);
  std::memcpy(question.data() + NLMSG_HDRLEN, request, size);
  if (send(fd.get(), question.data(), header.nlmsg_len, 0) < 0) return fail_errno("netlink", errno);
  Answer answer;
  std::array<char, 32768> buffer;
  for (;;) {
    const ssize_t got = recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno("netlink", got ? errno : EPIPE);
    auto done = take(buffer.data(), static_cast<std::size_t>(got), answer);
    if (!done) return tl::unexpected(done.error());
    if (*done) return answer;
  }
}

}  // namespace

Attributes::Attributes(std::string_view bytes) {
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > bytes.size()) return;
    all_.emplace_back(header.nla_type & NLA_TYPE_MASK,
                      bytes.substr(sizeof header, header.nla_len - sizeof header));
    bytes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
}

std::optional<std::string_view> Attributes::operator[](unsigned type) const {
  for (const auto& [number, bytes] : all_)
    if (number == type) return bytes;
  return std::nullopt;
}

std::string Attributes::text(unsigned type) const {
  const auto bytes = (*this)[type].value_or("");
  return std::string(bytes.substr(0, bytes.find('\0')));
}

std::optional<std::uint32_t> Attributes::number(unsigned type) const {
  const auto bytes = (*this)[type];
  std::uint32_t out = 0;
  if (!bytes || bytes->size() < sizeof out) return std::nullopt;
  std::memcpy(&out, bytes->data(), sizeof out);
  return out;
}

std::optional<std::uint32_t> Attributes::number_be(unsigned type) const {
  const auto wire = number(type);
  return wire ? std::optional(ntohl(*wire)) : std::nullopt;
}

Result<std::vector<NetlinkMessage>> netlink_dump(int protocol, std::uint16_t type, const void* request,
                                                 std::size_t size) {
  Result<Answer> answer = fail("netlink");
  for (int i = 0; i < attempts && (!answer || answer->changed); ++i) {
    answer = ask(protocol, type, NLM_F_DUMP, request, size);
    if (!answer) return tl::unexpected(answer.error());
  }
  return std::move(answer->messages);
}

Result<NetlinkMessage> generic_netlink(std::uint16_t family, std::uint8_t command, std::uint16_t attribute,
                                       std::string_view value) {
  std::array<char, 64> request{};  // with room for the names and numbers that are asked about
  genlmsghdr head{};
  head.cmd = command;
  head.version = 1;
  nlattr about{};
  about.nla_type = attribute;
  about.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size());
  const std::size_t size = GENL_HDRLEN + NLA_ALIGN(about.nla_len);
  if (size > request.size()) return fail_errno("netlink", EMSGSIZE);
  std::memcpy(request.data(), &head, sizeof head);
  std::memcpy(request.data() + GENL_HDRLEN, &about, sizeof about);
  std::memcpy(request.data() + GENL_HDRLEN + NLA_HDRLEN, value.data(), value.size());
  // NLM_F_ACK: whatever the answer is, the end of it is told.
  auto answer = ask(NETLINK_GENERIC, family, NLM_F_ACK, request.data(), size);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->messages.empty()) return fail_errno("netlink", ENODATA);
  return std::move(answer->messages.front());
}

}  // namespace ebb

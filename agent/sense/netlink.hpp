// SPDX-License-Identifier: GPL-2.0-or-later
// Questions to the kernel by netlink.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ebb {

struct NetlinkMessage {
  std::uint16_t type = 0;
  std::string body;  // behind the header of netlink

  // The fixed header T that the body begins with; zero if the body is shorter.
  template <typename T>
  T header() const {
    T out{};
    if (body.size() >= sizeof out) std::memcpy(&out, body.data(), sizeof out);
    return out;
  }
  template <typename T>
  std::string_view attributes() const {  // that follow a header T
    constexpr std::size_t begin = (sizeof(T) + 3) & ~std::size_t{3};
    return body.size() > begin ? std::string_view(body).substr(begin) : std::string_view();
  }
};

// The attributes of a message, or of an attribute that nests some; they point into it.
class Attributes {
 public:
  explicit Attributes(std::string_view bytes);
  std::optional<std::string_view> operator[](unsigned type) const;
  std::string text(unsigned type) const;                     // without the closing NUL; "" if it is missing
  std::optional<std::uint32_t> number(unsigned type) const;  // 32 bits, order of the host
  std::optional<std::uint32_t> number_be(unsigned type) const;  // 32 bits, order of the network
  const std::vector<std::pair<unsigned, std::string_view>>& all() const { return all_; }

 private:
  std::vector<std::pair<unsigned, std::string_view>> all_;
};

// Everything that the kernel lists for a request of this type; asked again when the list changed meanwhile.
Result<std::vector<NetlinkMessage>> netlink_dump(int protocol, std::uint16_t type, const void* request,
                                                 std::size_t size);

// The one answer of a family of generic netlink to `command` with one attribute.
Result<NetlinkMessage> generic_netlink(std::uint16_t family, std::uint8_t command, std::uint16_t attribute,
                                       std::string_view value);

}  // namespace ebb

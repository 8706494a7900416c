// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to the kernel by netlink that it answers with yes or no.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace ebb::doctor {

class Request {
 public:
  // `flags` are added to "request, answer me".
  template <typename Header>
  Request(std::uint16_t type, std::uint16_t flags, const Header& header) : type_(type), flags_(flags) {
    append(&header, sizeof header);
  }

  Request& put(std::uint16_t attribute, const void* bytes, std::size_t size);
  Request& put(std::uint16_t attribute, const char* text);
  template <typename Number>
  Request& put_number(std::uint16_t attribute, Number value) {
    return put(attribute, &value, sizeof value);
  }
  // A raw header between attributes, as a veth's peer has one.
  template <typename Header>
  Request& put_header(const Header& header) {
    append(&header, sizeof header);
    return *this;
  }
  // The attributes from begin() to its end() are nested in it.
  std::size_t begin(std::uint16_t attribute);
  Request& end(std::size_t begun);

  Status send(int protocol) const;  // the errno is the kernel's

 private:
  std::uint16_t type_, flags_;
  std::string body_;
  void append(const void* bytes, std::size_t size);
};

}  // namespace ebb::doctor

// SPDX-License-Identifier: GPL-2.0-or-later
// The TC program on a live interface (veth, tcx), fed by AF_PACKET: frames that TEST_RUN refuses, VLAN tags
// that the kernel takes out of the frame, headers outside the skb's linear part.
#pragma once

#include <memory>
#include <string>

#include "capture.h"
#include "support/netns.hpp"
#include "support/testrun.hpp"

namespace ebb::test {

class Wire {
 public:
  // A veth pair with the program of `tc` on its receiving end and the capture program behind it.
  static Result<Wire> make(const std::string& tc_object, const std::string& capture_object);
  Wire(Wire&&) = default;
  Wire& operator=(Wire&&) = delete;

  PacketObject& tc() { return tc_; }
  unsigned ifindex() const { return veth_.receiver_index(); }

  // As PacketObject::check.
  std::string check(const Bytes& frame, const Outcome& expected);
  // Sends a frame that the kernel drops before TC. "" if the program did not see it.
  std::string check_unseen(const Bytes& frame);

 private:
  struct Closer {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  Wire(VethPair veth, PacketObject tc) : veth_(std::move(veth)), tc_(std::move(tc)) {}
  Bytes last() const;  // the frame that came through, with its tags

  VethPair veth_;
  PacketObject tc_;
  std::unique_ptr<bpf_object, Closer> object_;
  Fd tc_link_, capture_link_;
  struct Unmap {
    void operator()(volatile ebb_capture* c) const;
  };
  std::unique_ptr<volatile ebb_capture, Unmap> capture_;
};

}  // namespace ebb::test

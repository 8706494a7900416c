// SPDX-License-Identifier: GPL-2.0-or-later
// One value of each field of a rule. What is not understood is kept by the Reader as its failure.
#pragma once

#include "config/config.hpp"
#include "config/reader.hpp"

namespace ebb::conf {

Range16 read_ethertype(Reader& in, const Value& value);
std::uint8_t read_proto(Reader& in, const Value& value);
Range16 read_port(Reader& in, const Value& value);
Range16 read_length(Reader& in, const Value& value);
Range16 read_dscp(Reader& in, const Value& value);
Range16 read_vlan(Reader& in, const Value& value);
Prefix read_prefix(Reader& in, const Value& value);
Delivery read_delivery(Reader& in, const Value& value);
Destination read_destination(Reader& in, const Value& value);
TcpFlags read_tcp_flags(Reader& in, const Value& value);
Owner read_service(Reader& in, const Value& value);
Owner read_cgroup(Reader& in, const Value& value);

}  // namespace ebb::conf

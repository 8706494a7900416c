// SPDX-License-Identifier: GPL-2.0-or-later
// The table of packets: each row a named frame in a situation, and what must happen to it, said outright.
#pragma once

#include <string>
#include <vector>

#include "support/reference.hpp"

namespace ebb::test {

struct Row {
  std::string name;
  Bytes frame;
  Situation now;
  std::string class_name;  // "": not classified; "-": no rule matches
  ebb_verdict verdict = EBB_PASS;
  int reason = -1;               // enum ebb_reason, of a pass
  Action action = Action::pass;  // on XDP; on TC a redirect is a pass
  Bytes out;                     // as the frame goes on; empty when dropped
};

const Config& table_policy();
const std::vector<std::uint8_t>& table_slots();
std::vector<Row> table();

// Classes of the rarer fields, limits and answers.
void add_field_classes(Config& config);
void add_answer_classes(Config& config);

// Parts of table(), by what they are about.
void add_protocols(std::vector<Row>& rows);  // each protocol and field, fragments, extension headers, tags
void add_fields(std::vector<Row>& rows);     // DSCP, VLAN, TCP flags, destination, listener, service
void add_limits_and_answers(std::vector<Row>& rows);
void add_truncations(std::vector<Row>& rows);  // cut at every byte of the headers, and lengths that lie
void add_protected(std::vector<Row>& rows);
void add_treatments(
    std::vector<Row>& rows);  // each in each state, observe and enforce, on every kind of interface

// The situation of most rows: power-saver, enforced, traffic ends here, steering to another CPU.
Situation usual();

Rule on(std::uint16_t port);           // a rule that names this destination port
Prefix host(const std::string& text);  // of one address

// Rows whose frame goes on as it came.
Row passes(std::string name, Bytes frame, std::string class_name, ebb_reason reason, Situation now = usual());
Row drops(std::string name, Bytes frame, std::string class_name, Situation now = usual());
Row trims(std::string name, Bytes frame, Bytes out, std::string class_name, Situation now = usual());

// Ports of classes with one treatment in every state.
inline constexpr std::uint16_t port_pass = 7100, port_drop = 7101, port_padding = 7102, port_trim = 7103,
                               port_steer = 7104, port_trim_steer = 7105, port_drop_steer = 7106,
                               port_padding_steer = 7107, port_drop_trim = 7108;
inline constexpr std::size_t trim_to = 64;  // of all trimming classes
// Ports port_turning + k: the treatment of port_pass + (k + state) % 8, so each state has its own.
inline constexpr std::uint16_t port_turning = 7200;
// Nobody listens at port_unwanted; at the next one by UDP, at the one behind it by TCP.
inline constexpr std::uint16_t port_unwanted = 7310;

}  // namespace ebb::test

// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.hpp"

#include <utility>

namespace ebb::test {
namespace {

Range16 only(std::uint16_t value) { return {value, value}; }

Prefix prefix(const std::string& text, unsigned length) {
  return {text.find(':') != std::string::npos, address(text), static_cast<std::uint8_t>(length)};
}

Treatment drop() {
  Treatment t;
  t.drop = true;
  return t;
}

// The treatments of port_pass, port_pass + 1, ...
std::vector<std::pair<std::string, Treatment>> fixed_treatments() {
  std::vector<std::pair<std::string, Treatment>> out;
  for (const char* name : {"pass", "drop", "padding", "trim", "steer", "trim-steer", "drop-steer",
                           "padding-steer", "drop-trim"}) {
    const std::string text = name;
    Treatment t;
    t.drop = text.find("drop") != std::string::npos;
    t.steer = text.find("steer") != std::string::npos;
    t.trim_padding = text.find("padding") != std::string::npos;
    if (text.find("trim") != std::string::npos) t.trim = trim_to;
    out.emplace_back(text, t);
  }
  return out;
}

Config make_policy() {
  Config config;
  config.management_ports = {22, 2222};
  const auto add = [&](std::string name, Rule rule, Treatment treat) {
    config.classes.push_back(treated(std::move(name), {std::move(rule)}, treat));
    return &config.classes.back();
  };
  const auto treatments = fixed_treatments();
  const auto on_port = [](std::uint16_t port) {
    Rule r;
    r.dport = {only(port)};
    return r;
  };
  for (std::uint16_t k = 0; k < treatments.size(); ++k)
    add(treatments[k].first, on_port(static_cast<std::uint16_t>(port_pass + k)), treatments[k].second);
  for (std::uint16_t k = 0; k < 8; ++k) {
    auto* c = add("turning-" + std::to_string(k), on_port(static_cast<std::uint16_t>(port_turning + k)), {});
    for (std::size_t state = 0; state < 4; ++state) c->treat[state] = treatments[(k + state) % 8].second;
  }

  Treatment drop_steer = drop();
  drop_steer.steer = true;
  add_field_classes(config);
  Rule r;
  r.ethertype = {only(0x0806)};
  Treatment drop_answer = drop();
  drop_answer.answer = true;
  add("arp", r, drop_answer);
  r = {};
  r.ethertype = {{0x88cc, 0x88cd}};
  add("lldp", r, drop());
  r = {};
  r.dport = {only(22),  only(67),  only(68),   only(546),   only(547), only(500),
             only(319), only(320), only(4500), only(51820), only(5353)};
  add("guarded", r, drop());
  r.dport = {only(2222)};
  add("guarded-steer", r, drop_steer);
  r = {};
  r.proto = {6};
  r.dport = {{8080, 8089}};
  add("web", r, drop());
  r = {};
  r.sport = {{5353, 5355}};
  add("from-port", r, drop());
  r = {};
  r.src = {prefix("203.0.113.0", 24), prefix("2001:db8:bad::", 48)};
  add("bad-net", r, drop());
  r = {};
  r.dst = {prefix("198.51.100.96", 29), prefix("2001:db8:f::8", 125)};
  add("cut-net", r, fixed_treatments()[3].second);
  r = {};
  r.proto = {1, 2, 58, 47, 136, 50, 51};
  add("control", r, drop());
  r = {};
  r.length = {{700, 710}};
  add("long", r, drop());
  r = {};
  r.delivery = {Delivery::broadcast};
  add("chatter", r, drop_steer);
  r.delivery = {Delivery::multicast};
  add("multicast", r, drop());
  r = {};
  r.proto = {44, 59, 60};
  add("odd", r, drop());
  return config;
}

}  // namespace

const Config& table_policy() {
  static const Config config = make_policy();
  return config;
}

const std::vector<std::uint8_t>& table_slots() {
  static const std::vector<std::uint8_t> slots = [] {
    std::vector<std::uint8_t> out;
    for (unsigned i = 0; i < table_policy().classes.size(); ++i)
      out.push_back(static_cast<std::uint8_t>((i * 7 + 3) % 64));
    return out;
  }();
  return slots;
}

Situation usual() {
  Situation now;
  now.state = PowerState::power_saver;
  for (CpuMask& mask : now.masks) mask.set(1);
  now.sockets = {{false, true, true, {}, port_unwanted + 1}, {true, true, true, {}, port_unwanted + 2}};
  return now;
}

Rule on(std::uint16_t port) {
  Rule r;
  r.dport = {{port, port}};
  return r;
}

Prefix host(const std::string& text) {
  const bool ipv6 = text.find(':') != std::string::npos;
  return {ipv6, address(text), static_cast<std::uint8_t>(ipv6 ? 128 : 32)};
}

Row passes(std::string name, Bytes frame, std::string class_name, ebb_reason reason, Situation now) {
  return {std::move(name), frame, now, std::move(class_name), EBB_PASS, reason, Action::pass, frame};
}

Row drops(std::string name, Bytes frame, std::string class_name, Situation now) {
  return {std::move(name), std::move(frame), now, std::move(class_name), EBB_DROP, -1, Action::drop, {}};
}

Row trims(std::string name, Bytes frame, Bytes out, std::string class_name, Situation now) {
  return {std::move(name), std::move(frame), now, std::move(class_name), EBB_TRIM, -1,
          Action::pass,    std::move(out)};
}

std::vector<Row> table() {
  std::vector<Row> rows;
  add_protocols(rows);
  add_fields(rows);
  add_limits_and_answers(rows);
  add_truncations(rows);
  add_protected(rows);
  add_treatments(rows);
  return rows;
}

}  // namespace ebb::test

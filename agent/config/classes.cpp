// SPDX-License-Identifier: GPL-2.0-or-later
// [[class]]: its treatments, and what contradicts its rules.
#include <netinet/in.h>

#include <algorithm>
#include <map>

#include "config/parts.hpp"
#include "config/units.hpp"

namespace ebb::conf {
namespace {

constexpr std::size_t max_classes = 64;    // EBB_CLASSES
constexpr std::size_t max_name = 31;       // EBB_CLASS_NAME without the NUL
constexpr std::uint32_t max_trim = 65507;  // payload of the longest UDP datagram over IPv4

// HTTPS and QUIC, IKE, DNS over TLS and QUIC, QUIC's test port, IKE behind NAT, CoAP over DTLS, WireGuard.
constexpr std::array<std::uint16_t, 7> encrypted_ports = {443, 500, 853, 4433, 4500, 5684, 51820};

constexpr std::array<std::string_view, 5> treatment_words = {"pass", "drop", "trim=padding", "trim=N",
                                                             "steer"};

std::string read_name(Reader& in, const Value& value) {
  const std::string what = "a name of at most 31 characters: a-z, 0-9, - and _, not starting with - or _";
  const std::string name = text_of(value);
  const bool valid = !name.empty() && name.size() <= max_name && name.front() != '-' && name.front() != '_' &&
                     name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
  if (!valid) in.expected(value, what);
  return name;
}

// "trim = 64" -> "64"; nothing for another treatment.
std::optional<std::string_view> trim_argument(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || trimmed(text.substr(0, equals)) != "trim") return std::nullopt;
  return trimmed(text.substr(equals + 1));
}

Treatment read_treatment(Reader& in, const Value& value) {
  Treatment treatment;
  bool pass = false;
  const auto once = [&](const Value& v, bool& flag) {
    if (flag) in.fail(v.at, in_quotes(v.text) + " stands here twice", "name each treatment once");
    flag = true;
  };
  in.each(value, [&](const Value& v) {
    const auto argument = v.type == Value::Type::text ? trim_argument(v.text) : std::nullopt;
    if (!argument) {
      const auto index = in.word(v, treatment_words);
      if (index == 0) once(v, pass);
      if (index == 1) once(v, treatment.drop);
      if (index == 4) once(v, treatment.steer);
    } else if (*argument == "padding") {
      once(v, treatment.trim_padding);
    } else {
      const auto bytes = parse_whole(*argument, max_trim);
      if (!bytes)
        in.expected(v, R"("trim=padding" or "trim=N" with N from 0 to 65507)",
                    "N: UDP payload bytes that stay");
      if (treatment.trim) in.fail(v.at, "two trims in one treatment", "keep the one that is meant");
      treatment.trim = static_cast<std::uint16_t>(bytes.value_or(0));
    }
  });
  if (pass && !treatment.passes())
    in.fail(value.at, "\"pass\" stands with another treatment", "remove \"pass\", or everything else");
  if (treatment.drop && (treatment.trim_padding || treatment.trim || treatment.steer))
    in.fail(value.at, "\"drop\" stands with another treatment: a dropped packet has no further way",
            "keep \"drop\" alone, or remove it");
  if (treatment.trim && treatment.trim_padding)
    in.fail(value.at, "\"trim=N\" stands with \"trim=padding\"",
            "trim=N implies trim=padding: remove \"trim=padding\"");
  return treatment;
}

std::optional<std::uint16_t> encrypted_port(const std::vector<Range16>& ranges) {
  for (const std::uint16_t port : encrypted_ports)
    for (const Range16& range : ranges)
      if (range.first <= port && port <= range.last) return port;
  return std::nullopt;
}

// What `treatment` must not do to the packets of `rule`.
void check_treatment(Reader& in, const Value& at, const Treatment& treatment, const TrafficClass& c,
                     const Rule& rule) {
  const std::string the_rule = "the rule at " + rule.where;
  const bool only_ip = std::all_of(rule.ethertype.begin(), rule.ethertype.end(),
                                   [](Range16 e) { return e == ethertype_ipv4 || e == ethertype_ipv6; });
  if (!treatment.passes() && !only_ip)
    in.fail(at.at, the_rule + " names an ethertype other than IPv4 and IPv6: such packets are only counted",
            "use \"pass\" here, or a class of its own for that ethertype");
  if (!treatment.trim) return;
  if (std::any_of(rule.proto.begin(), rule.proto.end(), [](std::uint8_t p) { return p != IPPROTO_UDP; }))
    in.fail(at.at, "trim=N shortens UDP only, and " + the_rule + " names another protocol",
            "use \"trim=padding\", or a class of its own for UDP");
  const auto source = encrypted_port(rule.sport);
  const auto port = source ? source : encrypted_port(rule.dport);
  if (port && !c.prefix_safe)
    in.fail(at.at,
            "trim=N would break port " + std::to_string(*port) + ", an encrypted protocol, which " +
                the_rule + " names",
            "use \"trim=padding\", or prefix_safe = true if the receiver accepts shortened datagrams");
}

}  // namespace

void read_class(Reader& in, const Value& table, std::vector<TrafficClass>& classes) {
  TrafficClass c;
  c.where = in.where(table.at);
  const Value* name = nullptr;
  const Value* match = nullptr;
  std::array<const Value*, 4> treat{};
  const auto treat_in = [&](PowerState s) {
    return [&, slot = static_cast<std::size_t>(s)](const Value& value) {
      treat[slot] = &value;
      c.treat[slot] = read_treatment(in, value);
    };
  };
  in.table(table,
           {{"name", [&](const Value& v) { name = &v, c.name = read_name(in, v); }},
            {"kind", [&](const Value& v) { c.kind = static_cast<ClassKind>(in.word(v, class_kind_words)); }},
            {"match",
             [&](const Value& v) {
               match = &v;
               in.each(v, [&](const Value& rule) { c.match.push_back(read_rule(in, rule)); });
             }},
            {"treat",
             [&](const Value& v) {
               in.table(v, {{word(PowerState::performance), treat_in(PowerState::performance)},
                            {word(PowerState::balanced), treat_in(PowerState::balanced)},
                            {word(PowerState::power_saver), treat_in(PowerState::power_saver)},
                            {word(PowerState::critical), treat_in(PowerState::critical)}});
             }},
            {"prefix_safe", [&](const Value& v) { c.prefix_safe = in.boolean(v); }}});
  if (name == nullptr) in.fail(table.at, "this class has no name", "add name = \"telemetry\"");
  if (match == nullptr)
    in.fail(table.at, "this class has no match, so it would hold nothing",
            R"(add match = [{ proto = "udp" }])");
  for (const TrafficClass& other : classes)
    if (name != nullptr && other.name == c.name)
      in.fail(name->at, "a second class " + in_quotes(c.name) + ": the first is at " + other.where,
              "rename one, or put both lists of rules into one class");
  for (std::size_t state = 0; state < treat.size(); ++state)
    for (const Rule& rule : c.match)
      if (treat[state] != nullptr) check_treatment(in, *treat[state], c.treat[state], c, rule);
  if (classes.size() == max_classes)
    in.fail(table.at, "more than 64 classes", "join classes that are treated alike");
  classes.push_back(std::move(c));
}

}  // namespace ebb::conf

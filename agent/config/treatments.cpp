// SPDX-License-Identifier: GPL-2.0-or-later
// `treat`: what happens to a class in a power state, and what cannot happen to its packets.
#include <algorithm>

#include "config/names.hpp"
#include "config/parts.hpp"
#include "config/reach.hpp"
#include "config/units.hpp"

namespace ebb::conf {
namespace {

constexpr std::uint32_t max_trim = 65507;       // payload of the longest UDP datagram over IPv4
constexpr std::uint32_t max_limit = 1'000'000;  // beyond, the kernel's clock is too coarse for the interval

// HTTPS and QUIC, IKE, DNS over TLS and QUIC, QUIC's test port, IKE behind NAT, CoAP over DTLS, WireGuard.
constexpr std::array<std::uint16_t, 7> encrypted_ports = {443, 500, 853, 4433, 4500, 5684, 51820};

constexpr std::array<std::string_view, 7> treatment_words = {"pass",   "drop",    "trim=padding", "trim=N",
                                                             "answer", "limit=N", "steer"};

// "trim = 64" -> {"trim", "64"}; without "=" the second is empty.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {text, {}};
  return {trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1))};
}

// One treatment after the other, into one Treatment.
class TreatmentReader {
 public:
  explicit TreatmentReader(Reader& in) : in_(in) {}

  void read(const Value& v) {
    if (asks_for_defer(v))
      return in_.fail(v.at, "defer works on egress, which this version does not have",
                      "use limit=N on ingress, or pass");
    const auto [word, argument] = split(v.type == Value::Type::text ? v.text : std::string_view());
    if (word == "trim" && argument == "padding") return once(v, treatment_.trim_padding);
    if (word == "trim" && word.size() < v.text.size()) return trim(v, argument);
    if (word == "limit" && word.size() < v.text.size()) return limit(v, argument);
    switch (in_.word(v, treatment_words)) {
      case 0:
        return once(v, pass_);
      case 1:
        return once(v, treatment_.drop);
      case 4:
        return once(v, treatment_.answer);
      default:
        return once(v, treatment_.steer);
    }
  }

  // The treatment that stands at `at`.
  Treatment finish(Place at) {
    const Treatment& t = treatment_;
    if (pass_ && !t.passes())
      in_.fail(at, "\"pass\" stands with another treatment", "remove \"pass\", or everything else");
    if (t.drop && t != Treatment{.drop = true})
      in_.fail(at, "\"drop\" stands with another treatment: a dropped packet has no further way",
               "keep \"drop\" alone, or remove it");
    if (t.trim && t.trim_padding)
      in_.fail(at, "\"trim=N\" stands with \"trim=padding\"",
               "trim=N implies trim=padding: remove \"trim=padding\"");
    return t;
  }

 private:
  Reader& in_;
  Treatment treatment_;
  bool pass_ = false;

  static bool asks_for_defer(const Value& v) {
    if (v.type == Value::Type::text) return split(v.text).first == "defer";
    return v.type == Value::Type::table && v.children.size() == 1 && v.children[0].key == "defer";
  }

  void once(const Value& v, bool& flag) {
    if (flag) in_.fail(v.at, in_quotes(v.text) + " stands here twice", "name each treatment once");
    flag = true;
  }

  void trim(const Value& v, std::string_view argument) {
    const auto bytes = parse_whole(argument, max_trim);
    if (!bytes)
      in_.expected(v, R"("trim=padding" or "trim=N" with N from 0 to 65507)",
                   "N: UDP payload bytes that stay");
    if (treatment_.trim) in_.fail(v.at, "two trims in one treatment", "keep the one that is meant");
    treatment_.trim = static_cast<std::uint16_t>(bytes.value_or(0));
  }

  void limit(const Value& v, std::string_view argument) {
    if (argument.ends_with("pps")) argument = trimmed(argument.substr(0, argument.size() - 3));
    const auto rate = parse_whole(argument, max_limit);
    if (!rate || *rate == 0)
      in_.expected(v, R"("limit=N" or "limit=N pps" with N from 1 to 1000000)",
                   "N: packets per second of the whole class; \"drop\" lets none through");
    if (treatment_.limit) in_.fail(v.at, "two limits in one treatment", "keep the one that is meant");
    treatment_.limit = rate.value_or(1);
  }
};

std::optional<std::uint16_t> encrypted_port(const std::vector<Range16>& ranges) {
  for (const std::uint16_t port : encrypted_ports)
    for (const Range16& range : ranges)
      if (range.first <= port && port <= range.last) return port;
  return std::nullopt;
}

bool only_of(const std::vector<Range16>& list, std::initializer_list<Range16> known) {
  return std::all_of(list.begin(), list.end(), [&](Range16 range) {
    return std::find(known.begin(), known.end(), range) != known.end();
  });
}

void check_trim(Reader& in, Place at, const Rule& rule, bool prefix_safe, const std::string& the_rule) {
  if (std::any_of(rule.proto.begin(), rule.proto.end(), [](std::uint8_t p) { return p != IPPROTO_UDP; }))
    in.fail(at, "trim=N shortens UDP only, and " + the_rule + " names another protocol",
            "use \"trim=padding\", or a class of its own for UDP");
  if (!rule.tcp_flags.empty())
    in.fail(at, "trim=N shortens UDP only, and " + the_rule + " names TCP flags", "use \"trim=padding\"");
  const auto source = encrypted_port(rule.sport);
  const auto port = source ? source : encrypted_port(rule.dport);
  if (port && !prefix_safe)
    in.fail(at,
            "trim=N would break port " + std::to_string(*port) + ", an encrypted protocol, which " +
                the_rule + " names",
            "use \"trim=padding\", or prefix_safe = true if the receiver accepts shortened datagrams");
}

void check_answer(Reader& in, Place at, const Rule& rule, const std::string& the_rule) {
  const std::string hint =
      "requests are ARP, ICMP and ICMPv6 to this machine: name no other ethertype or protocol, and no ports";
  if (!only_of(rule.ethertype, {ethertype_arp, ethertype_ipv4, ethertype_ipv6}))
    in.fail(at, the_rule + " names an ethertype that cannot be answered", hint);
  if (!answerable(rule)) in.fail(at, "no packet of " + the_rule + " can be answered", hint);
}

}  // namespace

Treatment read_treatment(Reader& in, const Value& value) {
  TreatmentReader reader(in);
  in.each(value, [&](const Value& v) { reader.read(v); });
  return reader.finish(value.at);
}

void check_treatment(Reader& in, Place at, const Treatment& treatment, const TrafficClass& c) {
  Treatment beside = treatment;  // the answer
  beside.answer = false;
  const bool loses = treatment.drop || treatment.trim_padding || treatment.trim || treatment.limit;
  for (const Rule& rule : c.match) {
    const std::string the_rule = "the rule at " + rule.where;
    if (treatment.answer) check_answer(in, at, rule, the_rule);
    if (!beside.passes() && !only_of(rule.ethertype, {ethertype_ipv4, ethertype_ipv6}))
      in.fail(
          at,
          the_rule +
              " names an ethertype other than IPv4 and IPv6: such packets are only counted, and ARP answered",
          "use \"pass\" here, or a class of its own for that ethertype");
    if (loses && std::find(rule.to.begin(), rule.to.end(), Destination::forwarded) != rule.to.end())
      in.fail(at, the_rule + " names forwarded packets, which are never dropped, trimmed or limited",
              "use \"pass\" or \"steer\" here, or to = \"us\" in the rule");
    if (treatment.trim) check_trim(in, at, rule, c.prefix_safe, the_rule);
  }
}

}  // namespace ebb::conf

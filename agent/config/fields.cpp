// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/fields.hpp"

#include "config/names.hpp"
#include "config/units.hpp"

namespace ebb::conf {
namespace {

struct Numbers {
  std::string what;
  std::uint16_t min, max;
  bool bounds = false;  // "< 100" and "> 1000" are understood
};

// 80, "80", "9000-9010" and, with bounds, "< 100", "> 1000".
Range16 read_range(Reader& in, const Value& value, const Numbers& numbers) {
  if (value.type == Value::Type::integer) {
    const auto number = static_cast<std::uint16_t>(in.integer(value, numbers.what, numbers.min, numbers.max));
    return {number, number};
  }
  const std::string text = text_of(value);
  if (const auto bound = numbers.bounds ? parse_bound(text) : std::nullopt) {
    if (bound->first > bound->last)
      in.fail(value.at, in_quotes(text) + " is no length at all", "lengths go from 0 to 65535");
    return {static_cast<std::uint16_t>(bound->first), static_cast<std::uint16_t>(bound->last)};
  }
  const auto range = parse_range(text);
  const auto possible = [&](std::uint16_t number) { return number >= numbers.min && number <= numbers.max; };
  if (!range || !possible(range->first) || !possible(range->last)) {
    in.expected(value, numbers.what);
    return {};
  }
  if (range->first > range->last)
    in.fail(value.at, "the range " + in_quotes(text) + " is empty",
            "write the smaller number first: \"" + std::to_string(range->last) + "-" +
                std::to_string(range->first) + "\"");
  return *range;
}

bool only_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::uint8_t read_proto(Reader& in, const Value& value) {
  if (value.type == Value::Type::integer)
    return static_cast<std::uint8_t>(in.integer(value, "an IP protocol from 0 to 255", 0, 255));
  return proto_numbers[in.word(value, proto_words, ", or a number from 0 to 255")];
}

Range16 read_ethertype(Reader& in, const Value& value) {
  // Smaller numbers are the length of an IEEE 802.3 frame.
  if (value.type != Value::Type::integer)
    return ethertypes[in.word(value, ethertype_words, ", or a number like 0x88cc")];
  const auto number = in.integer(value, "an ethertype from 0x0600 to 0xffff", 0x0600, 0xffff);
  return {static_cast<std::uint16_t>(number), static_cast<std::uint16_t>(number)};
}

Range16 read_port(Reader& in, const Value& value) {
  return read_range(in, value, {"a port from 0 to 65535 or a range such as \"9000-9010\"", 0, 65535});
}

Range16 read_length(Reader& in, const Value& value) {
  return read_range(in, value,
                    {"a length from 0 to 65535, \"64-128\", \"< 100\" or \"> 1000\"", 0, 65535, true});
}

Range16 read_vlan(Reader& in, const Value& value) {
  return read_range(in, value, {"a VLAN id from 1 to 4094 or a range such as \"20-30\"", 1, 4094});
}

Range16 read_dscp(Reader& in, const Value& value) {
  const std::string what =
      "a DSCP: a name such as \"ef\", a number from 0 to 63, or a range such as \"8-15\"";
  const std::string text = text_of(value);
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return read_range(in, value, {what, 0, 63});
  const auto found = std::find(dscp_words.begin(), dscp_words.end(), text);
  if (found == dscp_words.end()) {
    in.expected(value, what, suggest(text, dscp_words));
    return {};
  }
  const std::uint16_t number = dscp_numbers[static_cast<std::size_t>(found - dscp_words.begin())];
  return {number, number};
}

Prefix read_prefix(Reader& in, const Value& value) {
  const std::string what = "an address or prefix such as \"192.0.2.0/24\" or \"2001:db8::1\"";
  const auto prefix = parse_prefix(text_of(value));
  if (!prefix) in.expected(value, what);
  if (!prefix) return {};
  if (masked(*prefix) != *prefix)
    in.fail(value.at, in_quotes(value.text) + " has address bits behind its length",
            "did you mean \"" + prefix_text(masked(*prefix)) + "\"?");
  return *prefix;
}

Delivery read_delivery(Reader& in, const Value& value) {
  return static_cast<Delivery>(in.word(value, delivery_words));
}

Destination read_destination(Reader& in, const Value& value) {
  return static_cast<Destination>(in.word(value, destination_words) + 1);
}

TcpFlags read_tcp_flags(Reader& in, const Value& value) {
  const std::string what = R"(TCP flags such as "syn,!ack": named ones set, ones with ! clear)";
  const std::string text = text_of(value);
  std::string_view rest = text;
  TcpFlags flags;
  for (bool more = true; more;) {
    const auto comma = std::min(rest.find(','), rest.size());
    std::string_view word = trimmed(rest.substr(0, comma));
    more = comma < rest.size();
    rest.remove_prefix(comma + more);
    const bool clear = word.starts_with('!');
    if (clear) word = trimmed(word.substr(1));
    const auto found = std::find(tcp_flag_words.begin(), tcp_flag_words.end(), word);
    if (found == tcp_flag_words.end()) {
      in.expected(value, what, suggest(word, tcp_flag_words));
      return {};
    }
    const auto bit = static_cast<std::uint8_t>(1U << (found - tcp_flag_words.begin()));
    if (flags.mask & bit)
      in.fail(value.at, in_quotes(text) + " names " + std::string(word) + " twice", "name each flag once");
    flags.mask |= bit;
    if (!clear) flags.value |= bit;
  }
  return flags;
}

Owner read_service(Reader& in, const Value& value) {
  const std::string text = text_of(value);
  const bool suffix = text.ends_with(".service") || text.ends_with(".scope");
  const bool valid = !text.empty() && text.size() <= 255 && only_of(text, ":-_.\\@");
  if (!valid || !suffix)
    in.expected(value, R"(the name of a systemd unit such as "mosquitto.service")",
                valid ? "did you mean " + in_quotes(text + ".service") + "? Units end in .service or .scope"
                      : "systemctl lists them; a control group goes under the key cgroup");
  return {.cgroup = false, .name = text};
}

Owner read_cgroup(Reader& in, const Value& value) {
  const std::string text = text_of(value);
  bool valid = text.starts_with('/') && text.size() <= 4095 &&
               std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  for (const char* part : {"//", "/./", "/../"})
    valid = valid && (text + "/").find(part) == std::string::npos;
  if (!valid)
    in.expected(
        value, R"(the path of a control group such as "/system.slice")",
        "as in /proc/PID/cgroup behind 0::, without a slash at the end; \"/\" would be every process");
  return {.cgroup = true, .name = text};
}

}  // namespace ebb::conf

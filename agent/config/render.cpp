// SPDX-License-Identifier: GPL-2.0-or-later
// The configuration as text: every key, in one order, so that two policies can be compared line by line.
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "config/config.hpp"
#include "config/names.hpp"
#include "config/units.hpp"

namespace ebb {
namespace conf {
namespace {

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

template <typename T, typename Print>
std::string list(const std::vector<T>& items, Print print) {
  std::vector<std::string> words;
  for (const T& item : items) words.push_back(print(item));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

std::string range(Range16 r) {
  return r.first == r.last ? std::to_string(r.first) : fmt::format("\"{}-{}\"", r.first, r.last);
}

std::string dscp(Range16 r) {
  const auto name = word_for(dscp_words, dscp_numbers, static_cast<std::uint8_t>(r.first));
  return name && r.first == r.last ? toml_string(*name) : range(r);
}

std::string proto(std::uint8_t number) {
  const auto name = word_for(proto_words, proto_numbers, number);
  return name ? toml_string(*name) : std::to_string(number);
}

std::string ethertype(Range16 r) {
  const auto name = word_for(ethertype_words, ethertypes, r);
  return name ? toml_string(*name) : fmt::format("0x{:04x}", r.first);
}

std::string tcp_flags(TcpFlags flags) {
  std::vector<std::string> words;
  for (unsigned bit = 0; bit < tcp_flag_words.size(); ++bit)
    if (flags.mask >> bit & 1)
      words.push_back(fmt::format("{}{}", flags.value >> bit & 1 ? "" : "!", tcp_flag_words[bit]));
  return fmt::format("\"{}\"", fmt::join(words, ","));
}

std::string duration(std::chrono::milliseconds time) {
  const auto ms = time.count();
  if (ms % 3'600'000 == 0 && ms != 0) return fmt::format("\"{}h\"", ms / 3'600'000);
  if (ms % 60'000 == 0 && ms != 0) return fmt::format("\"{}m\"", ms / 60'000);
  if (ms % 1000 == 0) return fmt::format("\"{}s\"", ms / 1000);
  return fmt::format("\"{}ms\"", ms);
}

std::string render(const Rule& rule) {
  std::vector<std::string> keys;
  const auto key = [&](const char* name, const auto& items, auto print) {
    if (!items.empty()) keys.push_back(std::string(name) + " = " + list(items, print));
  };
  const auto prefix = [](const Prefix& p) { return toml_string(prefix_text(p)); };
  const auto one_word = [](auto v) { return toml_string(word(v)); };
  key("ethertype", rule.ethertype, ethertype);
  key("proto", rule.proto, proto);
  key("sport", rule.sport, range);
  key("dport", rule.dport, range);
  key("src", rule.src, prefix);
  key("dst", rule.dst, prefix);
  key("delivery", rule.delivery, one_word);
  key("length", rule.length, range);
  key("dscp", rule.dscp, dscp);
  key("vlan", rule.vlan, range);
  key("tcp_flags", rule.tcp_flags, tcp_flags);
  key("to", rule.to, one_word);
  if (rule.no_listener) keys.push_back("listener = \"none\"");
  const bool cgroup = !rule.owner.empty() && rule.owner.front().cgroup;
  key(cgroup ? "cgroup" : "service", rule.owner, [](const Owner& owner) { return toml_string(owner.name); });
  return keys.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(keys, ", "));
}

// In the order in which they are carried out.
std::string render(const Treatment& treatment) {
  std::vector<std::string> words;
  if (treatment.limit) words.push_back(fmt::format("\"limit={}\"", *treatment.limit));
  if (treatment.answer) words.emplace_back("\"answer\"");
  if (treatment.drop) words.emplace_back("\"drop\"");
  if (treatment.trim_padding) words.emplace_back("\"trim=padding\"");
  if (treatment.trim) words.push_back(fmt::format("\"trim={}\"", *treatment.trim));
  if (treatment.steer) words.emplace_back("\"steer\"");
  return fmt::format("[{}]", fmt::join(words, ", "));
}

// { battery = "< 20%", mains = "offline", for = "15s" }
std::string render(const StateRule& rule) {
  std::vector<std::string> keys;
  for (auto c = rule.when.begin(); c != rule.when.end();) {
    std::vector<std::string> texts;
    for (const Sensor sensor = c->sensor; c != rule.when.end() && c->sensor == sensor; ++c)
      texts.push_back(toml_string(c->text));
    keys.push_back(fmt::format(fmt::runtime(texts.size() == 1 ? "{} = {}" : "{} = [{}]"),
                               kind_of(std::prev(c)->sensor).name, fmt::join(texts, ", ")));
  }
  if (rule.hold_for.count() != 0) keys.push_back("for = " + duration(rule.hold_for));
  return fmt::format("{{ {} }}", fmt::join(keys, ", "));
}

std::string render(const char* key, const std::vector<StateRule>& rules) {
  if (rules.empty()) return {};
  if (rules.size() == 1) return fmt::format("{} = {}\n", key, render(rules[0]));
  std::string out = fmt::format("{} = [\n", key);
  for (const StateRule& rule : rules) out += "  " + render(rule) + ",\n";
  return out + "]\n";
}

std::string render(const StateRules& rules, PowerState state) {
  if (!rules.configured) return {};
  std::string out = fmt::format("\n[state.{}]\n", word(state));
  out += render("enter", rules.enter) + render("leave", rules.leave);
  out += fmt::format("dwell = {}\n", duration(rules.dwell));
  if (rules.cpus.efficient) out += "cpus = \"efficient\"\n";
  if (rules.cpus.mask) out += fmt::format("cpus = \"{}\"\n", rules.cpus.mask->list());
  return out;
}

// What the default plan sets and this one does not is "none".
std::string render(const PlanCell& own, const PlanCell& usual, const std::string& name) {
  std::string keys;
  const auto key = [&](const char* word, const std::string& value, const std::string& default_value) {
    if (!value.empty() || !default_value.empty())
      keys += fmt::format("{} = {}\n", word, toml_string(value.empty() ? "none" : value));
  };
  const auto limit = [](const auto& l) { return l ? l->text : std::string(); };
  const auto window = [](const auto& w) { return w ? fmt::format("{}us", w->count()) : std::string(); };
  key("min_frequency", limit(own.min), limit(usual.min));
  key("max_frequency", limit(own.max), limit(usual.max));
  key("governor", own.governor, usual.governor);
  key("energy_performance_preference", own.preference, usual.preference);
  key("moderation", window(own.moderation), window(usual.moderation));
  return keys.empty() ? keys : fmt::format("\n[plan.{}]\n{}", name, keys);
}

std::string render(const PlanTable& plan) {
  const PlanTable usual = default_plan();
  std::string out;
  for (std::size_t s = 0; s < plan.size(); ++s)
    for (std::size_t m = 0; m < plan[s].size(); ++m)
      out +=
          render(plan[s][m], usual[s][m], fmt::format("{}.{}", power_state_words[s], traffic_mode_words[m]));
  return out;
}

std::string render(const TrafficClass& c) {
  std::string out = fmt::format("\n[[class]]\nname = \"{}\"\nkind = \"{}\"\n", c.name, word(c.kind));
  if (c.prefix_safe) out += "prefix_safe = true\n";
  if (c.governor.min)
    out += fmt::format("governor = {{ min_frequency = {} }}\n", toml_string(c.governor.min->text));
  if (c.governor.max)
    out += fmt::format("governor = {{ max_frequency = {} }}\n", toml_string(c.governor.max->text));
  out += "match = [\n";
  for (const Rule& rule : c.match) out += "  " + render(rule) + ",\n";
  out += "]\n";
  std::vector<std::string> treat;
  for (std::size_t state = 0; state < c.treat.size(); ++state)
    if (!c.treat[state].passes())
      treat.push_back(fmt::format("{} = {}", power_state_words[state], render(c.treat[state])));
  return treat.empty() ? out : out + fmt::format("treat = {{ {} }}\n", fmt::join(treat, ", "));
}

}  // namespace
}  // namespace conf

std::string rule_text(const StateRule& rule) {
  std::string out;
  for (const Condition& c : rule.when)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", kind_of(c.sensor).name, c.text);
  const std::string time = conf::duration(rule.hold_for);
  return rule.hold_for.count() == 0 ? out : out + ", for " + time.substr(1, time.size() - 2);
}

std::string render_config(const Config& config) {
  const auto port = [](std::uint16_t p) { return std::to_string(p); };
  std::string out =
      fmt::format("[agent]\ninterfaces = {}\ninterval = {}\nenforcement = \"{}\"\nmanagement_ports = {}\n",
                  conf::list(config.interfaces, conf::toml_string), conf::duration(config.interval),
                  word(config.enforcement), conf::list(config.management_ports, port));
  for (std::size_t state = 0; state < config.states.size(); ++state)
    out += conf::render(config.states[state], static_cast<PowerState>(state));
  out += conf::render(config.plan);
  for (const TrafficClass& c : config.classes) out += conf::render(c);
  return out;
}

}  // namespace ebb

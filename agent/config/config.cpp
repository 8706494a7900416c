// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/config.hpp"

#include <tuple>

#include "config/parts.hpp"

namespace ebb {
namespace conf {

Result<Config> read_files(const std::vector<File>& files) {
  Reader in;
  Config config;
  std::string agent_at;
  for (const File& file : files) {
    const auto document = parse_toml(file.text, file.name);
    if (!document) return tl::unexpected(document.error());
    in.start(file.name);
    if (agent_at.empty()) agent_at = in.where({});
    ClassReader classes(config.classes);
    in.table(
        *document,
        {{"agent",
          [&](const Value& v) {
            if (&file == &files.front()) agent_at = in.where(v.at);
            read_agent(in, v, config);
          }},
         {"state", [&](const Value& v) { read_states(in, v, config.states); }},
         {"plan", [&](const Value& v) { read_plan(in, v, config.plan); }},
         {"class", [&](const Value& list) { in.each(list, [&](const Value& v) { classes.read(in, v); }); }}});
    if (in.error()) return tl::unexpected(*in.error());
  }
  if (config.interfaces.empty())
    in.fail(agent_at, "[agent] names no interfaces", "add under [agent]: interfaces = [\"auto\"]");
  check_states(in, config.states);
  check_order(in, config.classes);
  if (in.error()) return tl::unexpected(*in.error());
  return config;
}

}  // namespace conf

Result<Config> parse_config(const std::string& text, const std::string& name) {
  return conf::read_files({{name, text}});
}

bool Rule::operator==(const Rule& other) const {
  const auto fields = [](const Rule& r) {
    return std::tie(r.ethertype, r.proto, r.sport, r.dport, r.src, r.dst, r.delivery, r.length, r.dscp,
                    r.vlan, r.tcp_flags, r.to, r.no_listener, r.owner);
  };
  return fields(*this) == fields(other);
}

bool TrafficClass::operator==(const TrafficClass& other) const {
  const auto fields = [](const TrafficClass& c) {
    return std::tie(c.name, c.kind, c.prefix_safe, c.match, c.treat, c.governor);
  };
  return fields(*this) == fields(other);
}

bool StateRule::operator==(const StateRule& other) const {
  return when == other.when && hold_for == other.hold_for;
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// [[class]], and the order in which rules are asked.
#include <algorithm>

#include "config/parts.hpp"
#include "config/reach.hpp"

namespace ebb::conf {
namespace {

constexpr std::size_t max_classes = 64;     // EBB_CLASSES
constexpr std::size_t max_bits = 64;        // EBB_RULES
constexpr std::size_t max_class_name = 31;  // EBB_CLASS_NAME without the NUL

std::string read_name(Reader& in, const Value& value) {
  const std::string what = "a name of at most 31 characters: a-z, 0-9, - and _, not starting with - or _";
  const std::string name = text_of(value);
  const bool valid = !name.empty() && name.size() <= max_class_name && name.front() != '-' &&
                     name.front() != '_' &&
                     name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
  if (!valid) in.expected(value, what);
  return name;
}

}  // namespace

void ClassReader::read(Reader& in, const Value& table) {
  TrafficClass c;
  c.where = in.where(table.at);
  const Value* name = nullptr;
  const Value* match = nullptr;
  const Value* governor = nullptr;
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
            {"governor", [&](const Value& v) { governor = &v, c.governor = read_wish(in, v); }},
            {"prefix_safe", [&](const Value& v) { c.prefix_safe = in.boolean(v); }}});
  if (name == nullptr) return in.fail(table.at, "this class has no name", "add name = \"telemetry\"");
  if (match == nullptr)
    in.fail(table.at, "this class has no match, so it would hold nothing",
            R"(add match = [{ proto = "udp" }])");
  const auto [other, unique] = here_.emplace(c.name, c.where);
  if (!unique)
    in.fail(name->at, "a second class " + in_quotes(c.name) + ": the first is at " + other->second,
            "rename one, or put both lists of rules into one class");
  for (std::size_t state = 0; state < treat.size(); ++state)
    if (treat[state] != nullptr) check_treatment(in, treat[state]->at, c.treat[state], c);

  if (governor != nullptr) check_wish(in, governor->at, c.governor, c.kind);

  const auto earlier =
      std::find_if(all_.begin(), all_.end(), [&](const TrafficClass& a) { return a.name == c.name; });
  if (earlier != all_.end())
    *earlier = std::move(c);
  else if (all_.size() == max_classes)
    in.fail(c.where, "more than 64 classes", "join classes that are treated alike");
  else
    all_.insert(all_.begin() + fresh_++, std::move(c));
}

void check_order(Reader& in, const std::vector<TrafficClass>& classes) {
  struct Asked {
    const TrafficClass* of;
    const Rule* rule;
  };
  std::vector<Asked> before;
  std::size_t bits = 0;
  for (const TrafficClass& c : classes)
    for (const Rule& rule : c.match) {
      bits += rule_bits(rule);
      if (bits > max_bits) return;  // compile_policy refuses so many
      const Rule spelled = spelled_out(rule);
      const auto first = std::find_if(before.begin(), before.end(),
                                      [&](const Asked& a) { return covers(*a.rule, spelled); });
      if (first != before.end() && first->of == &c)
        in.fail(rule.where,
                "no packet reaches this rule: the one at " + first->rule->where +
                    " in the same class accepts all that it accepts",
                "remove this rule, or make the other one narrower");
      else if (first != before.end())
        in.fail(rule.where,
                "no packet reaches this rule: the one at " + first->rule->where + " in class " +
                    in_quotes(first->of->name) + " accepts all that it accepts and is asked first",
                "put class " + in_quotes(c.name) + " before " + in_quotes(first->of->name) +
                    ", make the other rule narrower, or remove this one");
      before.push_back({&c, &rule});
    }
}

}  // namespace ebb::conf

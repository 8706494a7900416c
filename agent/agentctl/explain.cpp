// SPDX-License-Identifier: GPL-2.0-or-later
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "agentctl/packet_pages.hpp"
#include "agentctl/state_page.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {
namespace {

using nlohmann::json;

// The question, filled by the options that are given.
struct Asked {
  json question = json::object();
  bool as_json = false;
};

// Without a question: the power state.
Status explain(const std::string& socket, const Asked& asked) {
  const bool packet = !asked.question.empty();
  return show_reply(socket, packet ? "io.ebb.Agent.Explain" : "io.ebb.Agent.ExplainState", asked.question,
                    asked.as_json, packet ? render_explain : render_outlook);
}

void add_texts(CLI::App& verb, const std::shared_ptr<Asked>& asked) {
  struct Option {
    const char *name, *key, *help;
  };
  const Option of_tuple[] = {
      {"--proto", "proto", "tcp, udp, icmp, icmpv6, ... or a number; default: udp"},
      {"--src", "src", "Source address; default: unspecified"},
      {"--dst", "dst", "Destination address; default: the interface's own"},
      {"--delivery", "delivery", "unicast, multicast or broadcast; default: as the address says"},
      {"--dscp", "dscp", "A name (ef, cs1, af41) or a number"},
      {"--tcp-flags", "tcp_flags", "Such as syn,ack; default: ack"}};
  for (const auto& one : of_tuple)
    verb.add_option_function<std::string>(
        one.name, [asked, key = one.key](const std::string& value) { asked->question["tuple"][key] = value; },
        one.help);
  const Option others[] = {
      {"--interface", "interface", "Where it comes in; default: where its destination is"},
      {"--packet", "packet", "A whole frame instead, in hexadecimal"},
      {"--flow", "flow", "The live sockets of PORT, ADDRESS:PORT or [IPV6]:PORT instead"}};
  for (const auto& one : others)
    verb.add_option_function<std::string>(
        one.name, [asked, key = one.key](const std::string& value) { asked->question[key] = value; },
        one.help);
}

void add_numbers(CLI::App& verb, const std::shared_ptr<Asked>& asked) {
  struct Option {
    const char *name, *key, *help;
    int min, max;
  };
  const Option options[] = {{"--sport", "sport", "Source port", 0, 65535},
                            {"--dport", "dport", "Destination port", 0, 65535},
                            {"--length", "length", "Bytes of the IP packet", 20, 65535},
                            {"--vlan", "vlan", "Id of the outermost VLAN tag", 1, 4094}};
  for (const auto& one : options)
    verb.add_option_function<int>(
            one.name, [asked, key = one.key](const int& value) { asked->question["tuple"][key] = value; },
            one.help)
        ->check(CLI::Range(one.min, one.max));
}

}  // namespace

void add_explain(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand(
      "explain", "Why the power state is what it is; with options: what happens to a packet");
  const auto asked = std::make_shared<Asked>();
  add_texts(*verb, asked);
  add_numbers(*verb, asked);
  verb->add_flag("--json", asked->as_json, "Print the agent's answer as JSON");
  verb->callback([&context, asked] { context.result = explain(context.socket, *asked); });
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/explain.hpp"

#include <netinet/in.h>

#include <algorithm>

#include "agentd/frame.hpp"
#include "agentd/listener.hpp"
#include "agentd/reasons.hpp"
#include "dataplane/judge.hpp"
#include "sense/addresses.hpp"
#include "sense/sockets.hpp"

namespace ebb {
namespace {

using nlohmann::json;

constexpr std::size_t max_flows = 16;  // explained at once
constexpr std::size_t ethernet = 14;   // bytes of the header

// A packet to be judged.
struct Case {
  std::string about;  // the socket it goes to; "": the question itself
  const Interface* interface;
  std::vector<std::uint8_t> frame;  // with an Ethernet header, also where the interface has none
};

class Explainer {
 public:
  Explainer(const Scene& scene, std::vector<Socket> sockets, std::vector<OwnAddress> own)
      : scene_(scene), judge_(scene.live), sockets_(std::move(sockets)), own_(std::move(own)) {}

  Result<std::vector<Case>> cases(const json& question, std::size_t& more) const;
  json answer(const Case& one);

 private:
  const Scene& scene_;
  Judge judge_;
  std::vector<Socket> sockets_;
  std::vector<OwnAddress> own_;

  Result<const Interface*> interface_for(const json& question, const Tuple* tuple) const;
  Status add_destination(Tuple& tuple, const Interface& interface) const;
  Result<Case> from_packet(const json& question) const;
  Result<Case> from_tuple(const json& question, const json& tuple) const;
  Result<std::vector<Case>> from_flow(const json& question, std::size_t& more) const;
  Judged judge(const Case& one, PowerState state, bool listener);
  json outcome(const Judged& judged, PowerState state) const;
  const TrafficClass* class_of(const Judged& judged) const;
  json listener_json(const Tuple& tuple, const Interface& interface) const;
  json service_json(const Tuple& tuple, const Interface& interface) const;
};

bool has_ports(const Tuple& tuple) { return tuple.ip() && tuple.dport.has_value(); }

bool attached(const Interface& one) { return one.attachment.hook != Hook::none; }

// The named one; else the one that has the packet's destination; else the first with a program.
Result<const Interface*> Explainer::interface_for(const json& question, const Tuple* tuple) const {
  const auto& all = scene_.interfaces;
  const auto given = question.value("interface", json());
  if (given.is_string()) {
    const auto found = std::ranges::find(all, given.get<std::string>(), &Interface::name);
    if (found != all.end() && attached(*found)) return &*found;
    return fail("Ebb has no program on an interface '" + given.get<std::string>() + "'",
                "agentctl status lists them", exit_usage);
  }
  if (tuple)
    for (const auto& address : own_)
      if (address.ipv6 == tuple->ipv6() && address.address == tuple->dst)
        for (const auto& one : all)
          if (one.ifindex == address.ifindex && attached(one)) return &one;
  const auto found = std::ranges::find_if(all, attached);
  if (found == all.end())
    return fail("Ebb has a program on no interface: every packet passes", "agentctl status says why");
  return &*found;
}

// A packet that names no destination goes to the interface's own address.
Status Explainer::add_destination(Tuple& tuple, const Interface& interface) const {
  for (const auto& address : own_)
    if (address.ipv6 == tuple.ipv6() && address.ifindex == interface.ifindex) {
      tuple.dst = address.address;
      return {};
    }
  return fail(interface.name + " has no address of this family", "name the destination: --dst ADDRESS",
              exit_usage);
}

Result<Case> Explainer::from_packet(const json& question) const {
  const auto interface = interface_for(question, nullptr);
  if (!interface) return tl::unexpected(interface.error());
  auto bytes = parse_hex(question["packet"].get<std::string>());
  if (!bytes) return tl::unexpected(bytes.error());
  if ((*interface)->link_type == LinkType::ip) {
    std::vector<std::uint8_t> header(ethernet);
    header[12] = bytes->front() >> 4 == 6 ? 0x86 : 0x08;
    header[13] = bytes->front() >> 4 == 6 ? 0xdd : 0x00;
    bytes->insert(bytes->begin(), header.begin(), header.end());
  }
  return Case{.about = "", .interface = *interface, .frame = std::move(*bytes)};
}

Result<Case> Explainer::from_tuple(const json& question, const json& in) const {
  auto asked = tuple_from_json(in);
  if (!asked) return tl::unexpected(asked.error());
  const auto interface = interface_for(question, asked->known_dst ? &asked->tuple : nullptr);
  if (!interface) return tl::unexpected(interface.error());
  if (!asked->known_dst)
    if (auto added = add_destination(asked->tuple, **interface); !added) return tl::unexpected(added.error());
  auto frame = build_frame(asked->tuple, (*interface)->link.mac);
  if (!frame) return tl::unexpected(frame.error());
  return Case{.about = "", .interface = *interface, .frame = std::move(*frame)};
}

Result<std::vector<Case>> Explainer::from_flow(const json& question, std::size_t& more) const {
  const auto flow = parse_flow(question["flow"].get<std::string>());
  if (!flow) return tl::unexpected(flow.error());
  std::vector<Case> cases;
  for (const auto& socket : sockets_) {
    if (!flow->names(socket)) continue;
    if (cases.size() == max_flows) {
      ++more;
      continue;
    }
    Tuple tuple = packet_to(socket);
    const bool open = tuple.dst == Address{};
    const auto interface = interface_for(question, open ? nullptr : &tuple);
    if (!interface) return tl::unexpected(interface.error());
    if (open) {
      const std::uint16_t asked = tuple.ethertype;
      if (!add_destination(tuple, **interface)) {  // an IPv6 socket takes IPv4 too
        tuple.ethertype = 0x0800;
        if (auto added = add_destination(tuple, **interface); asked == 0x0800 || !added) continue;
      }
    }
    auto frame = build_frame(tuple, (*interface)->link.mac);
    if (!frame) return tl::unexpected(frame.error());
    cases.push_back({.about = socket_words(socket), .interface = *interface, .frame = std::move(*frame)});
  }
  if (!cases.empty()) return cases;
  return fail("no socket of this machine has the flow " + question["flow"].get<std::string>(),
              "ss -tuan lists the sockets; ask for a packet instead: --proto udp --dport N", exit_failed);
}

Result<std::vector<Case>> Explainer::cases(const json& question, std::size_t& more) const {
  if (question.value("flow", json()).is_string()) return from_flow(question, more);
  auto one = question.value("packet", json()).is_string()
                 ? from_packet(question)
                 : from_tuple(question, question.value("tuple", json::object()));
  if (!one) return tl::unexpected(one.error());
  std::vector<Case> cases;
  cases.push_back(std::move(*one));
  return cases;
}

Judged Explainer::judge(const Case& one, PowerState state, bool listener) {
  const bool raw = one.interface->link_type == LinkType::ip;
  return judge_.judge({.frame = std::span(one.frame).subspan(raw ? ethernet : 0),
                       .state = state,
                       .tc = is_tc(one.interface->attachment.hook),
                       .raw_ip = raw,
                       .ifindex = static_cast<unsigned>(one.interface->ifindex),
                       .listener = listener});
}

const TrafficClass* Explainer::class_of(const Judged& judged) const {
  const auto& slots = scene_.policy.slots();
  const auto found = std::ranges::find(slots, judged.slot.value_or(EBB_CLASSES));
  return found == slots.end() ? nullptr
                              : &scene_.config.classes[static_cast<std::size_t>(found - slots.begin())];
}

json Explainer::outcome(const Judged& judged, PowerState state) const {
  const auto* const mine = class_of(judged);
  const std::string treatment = mine ? words(mine->treat[static_cast<std::size_t>(state)]) : "pass";
  const std::string why = judged.reason ? sentence(*judged.reason)
                                        : "its class says " + treatment + " in " + std::string(word(state));
  return {{"state", word(state)},
          {"treatment", treatment},
          {"verdict", verdict_word(judged.verdict)},
          {"reason", or_null(judged.reason.has_value(), judged.reason ? reason_word(*judged.reason) : "")},
          {"protected",
           or_null(judged.protection.has_value(), judged.protection ? reason_word(*judged.protection) : "")},
          {"why", why}};
}

json Explainer::listener_json(const Tuple& tuple, const Interface& interface) const {
  if (!has_ports(tuple)) return {{"found", nullptr}, {"why", "the packet has no ports"}};
  if (!interface.sockets_off.empty()) return {{"found", nullptr}, {"why", interface.sockets_off}};
  for (const auto& socket : sockets_)
    if (wants(socket, tuple, interface.ifindex)) return {{"found", true}, {"why", socket_words(socket)}};
  return {{"found", false}, {"why", "no socket of this machine wants it"}};
}

json Explainer::service_json(const Tuple& tuple, const Interface& interface) const {
  const auto unknown = [](const std::string& why) { return json{{"name", nullptr}, {"why", why}}; };
  if (!has_ports(tuple)) return unknown("the packet has no ports");
  if (!interface.sockets_off.empty()) return unknown(interface.sockets_off);
  const auto* const identity = scene_.policy.identity();
  if (!identity) return unknown(scene_.policy.identity_off());
  const auto owner = identity->owner({tuple.proto, *tuple.dport});
  if (owner.empty()) return unknown("nobody that a rule names, or more than one");
  return {{"name", owner}, {"why", "it owns the port"}};
}

json Explainer::answer(const Case& one) {
  const auto tuple = read_frame(one.frame);
  Tuple known;
  known.ethertype = 0;
  if (tuple) known = *tuple;
  const json listener = listener_json(known, *one.interface);
  const bool found = listener["found"].is_boolean() && listener["found"].get<bool>();

  json states = json::array();
  for (const auto state :
       {PowerState::performance, PowerState::balanced, PowerState::power_saver, PowerState::critical})
    states.push_back(outcome(judge(one, state, found), state));
  const Judged now = judge(one, scene_.state, found);
  json out = outcome(now, scene_.state);
  const auto* const mine = class_of(now);
  const std::string place = now.rule ? rule_place(scene_.config, *now.rule) : "";
  out.update({{"about", or_null(!one.about.empty(), one.about)},
              {"interface", one.interface->name},
              {"hook", word(one.interface->attachment.hook)},
              {"packet", tuple ? tuple_json(*tuple) : json(nullptr)},
              {"bytes", one.frame.size() - (one.interface->link_type == LinkType::ip ? ethernet : 0)},
              {"enforcement", word(scene_.enforcement)},
              {"class", or_null(mine != nullptr, mine ? mine->name : "")},
              {"kind", mine ? json(word(mine->kind)) : json(nullptr)},
              {"rule", or_null(!place.empty(), place)},
              {"listener", listener},
              {"service", service_json(known, *one.interface)},
              {"states", std::move(states)}});
  return out;
}

}  // namespace

Result<json> explain(const Scene& scene, const json& question) {
  auto sockets = read_sockets();
  if (!sockets) return tl::unexpected(sockets.error());
  auto own = read_addresses();
  if (!own) return tl::unexpected(own.error());
  Explainer explainer(scene, std::move(*sockets), std::move(*own));
  std::size_t more = 0;
  const auto cases = explainer.cases(question, more);
  if (!cases) return tl::unexpected(cases.error());
  json explanations = json::array();
  for (const auto& one : *cases) explanations.push_back(explainer.answer(one));
  return json{{"explanations", std::move(explanations)}, {"more", more}};
}

}  // namespace ebb

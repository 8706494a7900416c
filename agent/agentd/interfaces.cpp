// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/interfaces.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.hpp"
#include "sense/peer.hpp"
#include "sense/routes.hpp"

namespace ebb {
namespace {

// An interface of `auto` stays this long after its default route went to another one: attaching a program
// makes some drivers drop the link for seconds, and the route with it.
constexpr std::chrono::seconds auto_linger{10};

// The interfaces that there are, for the hint of a missing one.
std::string names_of(const std::vector<Link>& links) {
  std::string names;
  for (const auto& one : links) names += (names.empty() ? "" : ", ") + one.name;
  return names;
}

// veth, tun, ...: the sender may have left the checksum to a card that is not there. The kernel knows, but an
// XDP redirect to another CPU forgets it, and the stack then refuses the packet (seen on veth, Linux 6.18).
bool is_virtual(const std::string& name) {
  return access(("/sys/class/net/" + name + "/device").c_str(), F_OK) != 0;
}

const std::string& first_of(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

bool is_lost(Interface& one) { return Hooks::lost(one.attachment, one.ifindex); }

// Where the packets of these interfaces may be ours: they themselves, and what stands on them.
std::set<int> with_uppers(const std::vector<Interface>& interfaces, const std::vector<Link>& links) {
  std::set<int> out;
  for (const auto& one : interfaces) out.insert(one.ifindex);
  out.erase(0);
  for (std::size_t before = 0; before != out.size();) {
    before = out.size();
    for (const auto& link : links) {
      if (out.count(link.lower)) out.insert(link.ifindex);
      if (out.count(link.ifindex) && link.master) out.insert(link.master);
    }
  }
  return out;
}

}  // namespace

void Interfaces::configure(const std::vector<std::string>& patterns) {
  patterns_ = patterns;
  if (!follows_routes()) auto_.clear();
  if (!read_surroundings()) return;
  const auto choices = chosen();
  release_others(choices);
  std::vector<int> present;
  for (const auto& one : choices)
    if (one.ifindex) present.push_back(one.ifindex);
  hooks_.detach_others(present);
}

bool Interfaces::follows_routes() const {
  return std::find(patterns_.begin(), patterns_.end(), auto_pattern) != patterns_.end();
}

bool Interfaces::read_surroundings() {
  auto links = read_links();
  if (!links) {
    log_error(links.error());
    return false;
  }
  links_ = std::move(*links);
  return true;
}

bool Interfaces::refresh() {
  if (!read_surroundings()) return false;
  const auto choices = chosen();
  bool changed = release_others(choices);
  for (const auto& choice : choices) changed = follow(choice) || changed;
  for (auto& one : all_) one.ending = one.ifindex ? read_ending(one.name) : Ending{};
  read_settings();
  refresh_addresses();
  if (changed) hooks_.settle();
  return changed;
}

std::vector<Choice> Interfaces::chosen() {
  std::set<int> routed;
  if (follows_routes()) {
    const auto found = default_route_interfaces();
    if (!found) log_error(found.error());
    const auto now = Clock::now();
    for (const int ifindex : found ? *found : std::set<int>{}) auto_[ifindex] = now;
    const bool elsewhere =
        found && !found->empty();  // otherwise the network is down, and the route will be back
    std::erase_if(auto_, [&](const auto& one) { return elsewhere && now - one.second > auto_linger; });
    for (const auto& [ifindex, last] : auto_) routed.insert(ifindex);
  }
  auto choices = choose(patterns_, links_, routed);
  if (choices.empty() && !nothing_fits_)
    log_warning({"no interface fits the configuration; it is attached when it comes",
                 "interfaces here: " + names_of(links_)});
  nothing_fits_ = choices.empty();
  return choices;
}

// Forgets what is not chosen, whatever its name is now.
bool Interfaces::release_others(const std::vector<Choice>& choices) {
  bool changed = false;
  std::erase_if(all_, [&](Interface& one) {
    const bool chosen = std::any_of(choices.begin(), choices.end(), [&](const Choice& choice) {
      return choice.ifindex == one.ifindex && (one.ifindex != 0 || choice.name == one.name);
    });
    if (chosen) return false;
    changed = changed || one.ifindex != 0;
    release(one);
    return true;
  });
  return changed;
}

// True if it came, or if its programs moved to another hook.
bool Interfaces::follow(const Choice& choice) {
  auto known = std::find_if(all_.begin(), all_.end(), [&](const Interface& one) {
    return one.ifindex == choice.ifindex && (one.ifindex != 0 || one.name == choice.name);
  });
  const bool is_new = known == all_.end();
  if (is_new) {
    known = all_.emplace(all_.end());
    known->ifindex = choice.ifindex;
    known->name = choice.name;
  }
  if (known->name != choice.name) spdlog::info("{} is called {} now", known->name, choice.name);
  known->name = choice.name;
  known->pattern = choice.pattern;
  if (choice.ifindex == 0) {
    if (is_new)
      log_warning({"interface " + choice.name + " does not exist; it is attached when it comes",
                   "interfaces here: " + names_of(links_)});
    return false;
  }
  known->link = *std::find_if(links_.begin(), links_.end(),
                              [&](const Link& one) { return one.ifindex == choice.ifindex; });
  known->link_type = link_type(known->link.hardware);
  const auto no_xdp = why_not_xdp(known->link, links_, takes_tags_out(known->name));
  const bool lost = is_lost(*known);
  if (lost) log_warning({known->name + ": somebody removed the program of Ebb", "it is attached again"});
  if (!is_new && !lost && no_xdp.empty() == known->no_xdp.empty()) return false;
  known->no_xdp = no_xdp;
  known->attachment = hooks_.attach(known->link, no_xdp);
  known->rps = is_tc(known->attachment.hook) || is_virtual(known->name);
  spdlog::info("{}: {} ({})", known->name, word(known->attachment.hook), known->attachment.reason);
  return true;
}

bool Interfaces::refresh_settings() {
  const auto now = Clock::now();
  const bool lost_route = std::any_of(auto_.begin(), auto_.end(),
                                      [&](const auto& one) { return now - one.second > auto_linger; });
  const bool lost_program = std::any_of(all_.begin(), all_.end(), is_lost);
  if (lost_route || lost_program) return refresh();
  read_settings();
  return false;
}

void Interfaces::read_settings() {
  filters_ = read_packet_filters();
  strangers_ = carries_strangers(links_);
  for (auto& one : all_) conclude(one);
  publish_flags();
}

void Interfaces::conclude(Interface& one) const {
  if (one.ifindex == 0) return;
  const std::string strangers =
      strangers_.count(one.ifindex) ? "carries an interface of another network namespace" : "";
  const auto& shared = first_of(one.ending.shared, strangers);
  const auto& forwards = first_of(shared, one.ending.forwards);
  if (forwards != one.forwards && !forwards.empty())
    spdlog::info("{}: drop and trim are off: it {}", one.name, forwards);
  one.forwards = forwards;
  one.sockets_off = first_of(first_of(forwards, one.ending.uppers), filters_.nat);
  one.answering = {};
  one.answers_off = first_of(shared, one.link_type == LinkType::ether ? "" : "has no Ethernet header");
  if (!one.answers_off.empty()) return;
  if (one.attachment.hook == Hook::xdp_native && is_virtual(one.name) && !peer_runs_xdp(one.link)) {
    one.answers_off = "what XDP sends back is lost: no XDP program at the other end";
    return;
  }
  one.answering = read_answering(one.link, filters_);
  one.answers_off = one.answering.why;
}

void Interfaces::refresh_addresses() {
  const auto ours = with_uppers(all_, links_);
  std::vector<Mac> macs;
  for (const auto& link : links_)
    if (ours.count(link.ifindex)) macs.push_back(link.mac);
  for (Result<bool> again = true; again && *again;) {
    auto addresses = read_addresses();
    if (!addresses) {
      log_error(addresses.error());
      addresses.emplace();  // nothing is ours: that only spares packets
    }
    // Where the table is full, the addresses of other interfaces are left out.
    std::stable_partition(addresses->begin(), addresses->end(),
                          [&](const OwnAddress& one) { return ours.count(one.ifindex) > 0; });
    again = own_.update(*addresses, macs);
    if (!again) log_error(again.error());
  }
}

void Interfaces::set_steering(bool xdp, bool rps) {
  for (auto& one : all_) one.steers = one.attachment.hook != Hook::none && (one.rps ? rps : xdp);
  publish_flags();
}

void Interfaces::release(Interface& one) {
  if (one.ifindex == 0) return;
  spdlog::info("{}: released", one.name);
  hooks_.detach(one.attachment.hook, one.ifindex);
}

void Interfaces::release_all() {
  for (auto& one : all_) release(one);
  all_.clear();
  publish_flags();
}

// Two interfaces whose numbers share the low byte share a slot: then only what both may do is allowed, and as
// they may differ in how they steer and in their addresses, neither does either.
void Interfaces::publish_flags() const {
  std::array<ebb_iface, EBB_IFACES> wanted{};
  std::array<unsigned, EBB_IFACES> users{};
  for (const auto& one : all_) {
    if (one.ifindex == 0) continue;
    const auto slot = static_cast<std::size_t>(one.ifindex) % EBB_IFACES;
    const auto flag = [](bool yes, std::uint32_t bit) { return yes ? bit : 0U; };
    const std::uint32_t shared =
        flag(one.forwards.empty(), EBB_IF_TERMINAL) | flag(one.sockets_off.empty(), EBB_IF_SOCKETS);
    const auto& answers = one.answering;
    const std::uint32_t mine = shared | flag(one.steers, EBB_IF_STEER) | flag(one.rps, EBB_IF_RPS) |
                               flag(answers.arp, EBB_IF_ARP) | flag(answers.echo4, EBB_IF_ECHO4) |
                               flag(answers.echo6, EBB_IF_ECHO6) | flag(answers.neighbour, EBB_IF_ND) |
                               flag(answers.router, EBB_IF_ROUTER);
    if (users[slot]++)
      wanted[slot] = {wanted[slot].flags & shared, 0, 0};
    else
      wanted[slot] = {mine, static_cast<std::uint32_t>(one.ifindex), mac_word(one.link.mac)};
  }
  const auto store = [](auto& to, auto value) { __atomic_store_n(&to, value, __ATOMIC_RELEASE); };
  for (std::size_t slot = 0; slot < wanted.size(); ++slot) {
    auto& live = maps_.live().iface[slot];
    if (live.ifindex != wanted[slot].ifindex || live.mac != wanted[slot].mac) {
      store(live.flags, 0U);  // nothing is allowed while the rest changes
      store(live.ifindex, wanted[slot].ifindex);
      store(live.mac, wanted[slot].mac);
    }
    store(live.flags, wanted[slot].flags);
  }
}

}  // namespace ebb

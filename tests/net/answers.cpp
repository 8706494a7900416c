// SPDX-License-Identifier: GPL-2.0-or-later
// prove-answers: a reply from the hook means what the stack's own reply means, and is given only for our
// addresses.
//
// Two pairs at once, under native XDP and under tcx. The neighbour sends requests as raw frames; a program
// behind Ebb (witness.bpf.c) tells whether the stack saw them. 1. Every request is asked twice, of the stack
// (observe) and of the hook (enforce), and the replies are compared. 2. Address probes reach the stack;
// tentative and duplicate addresses stay silent. 3. A thousand addresses are removed under a stream of
// requests. 4. Real clients talk to a silent stack.
#include "answers.hpp"

#include <cstdio>

#include "agent.hpp"
#include "foreign.hpp"

using namespace ebb;
using namespace ebb::test;

namespace {

constexpr double removal_bound_ms = 5;  // for 99 % of the removals
constexpr int patience_ms = 25;         // for a reply; the stack answers within microseconds

const std::string configuration =
    "[agent]\ninterfaces = [\"node0\", \"node1\"]\nenforcement = \"observe\"\n"
    "[[class]]\nname = \"asked\"\nkind = \"background\"\n"
    "match = [{ ethertype = [\"arp\"] }, { proto = [\"icmp\", \"icmpv6\"] }]\ntreat = { balanced = "
    "[\"answer\"] }\n";

void enforce(bool on) { run("'" + program("agentctl") + "' enforce " + (on ? "on" : "off")); }

std::string text_of(const std::optional<Bytes>& reply) {
  if (!reply) return "nothing";
  std::string text;
  char digits[3];
  for (const auto byte : *reply) std::snprintf(digits, sizeof digits, "%02x", byte), text += digits;
  return text.size() > 260 ? text.substr(0, 260) + "..." : text;
}

std::optional<Bytes> said(const Prober& prober, const Bytes& frame) {
  const auto heard = prober.ask(frame, patience_ms);
  return heard ? meaning(heard->frame) : std::nullopt;
}

// What each request is answered with; `hook`: by the hook itself, or at least without the stack.
std::vector<std::optional<Bytes>> replies(const Post& post, const std::vector<Request>& requests, bool hook,
                                          Results& results) {
  std::vector<std::optional<Bytes>> all;
  for (const auto& request : requests) {
    const std::uint64_t before = post.witness.seen();
    all.push_back(said(post.prober, request.frame));
    const bool passed = post.witness.seen() != before;
    if (hook && request.plain && passed)
      results.wrong(post.site.hook + ", " + request.name + ": not answered by the hook");
    if (!hook && request.plain && !passed)
      results.wrong(post.site.hook + ", " + request.name + ": observed, yet kept from the stack");
    results.by_hook += hook && !passed && all.back();
  }
  return all;
}

void compare(const Post& post, const Site& elsewhere, const std::string& when, Results& results) {
  auto requests = all_requests(post.site, elsewhere);
  for (auto& probe : probes(post.site, post.site.node4(), post.site.node6())) requests.push_back(probe);
  enforce(false);
  const auto stack = replies(post, requests, false, results);
  enforce(true);
  const auto hook = replies(post, requests, true, results);
  unsigned answered = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    answered += stack[i].has_value();
    if (stack[i] != hook[i])
      results.wrong(post.site.hook + when + ", " + requests[i].name + "\n    stack " + text_of(stack[i]) +
                    "\n    hook  " + text_of(hook[i]));
    if (requests[i].plain && !stack[i])
      results.wrong(post.site.hook + ", " + requests[i].name + ": the stack is silent");
  }
  results.compared += static_cast<unsigned>(requests.size());
  std::printf("%s%s: %zu requests, %u of them answered by the stack\n", post.site.hook.c_str(), when.c_str(),
              requests.size(), answered);
}

// Probes for an own address come to the stack even while the hook answers.
void probe(const Post& post, Results& results) {
  for (const auto& request : probes(post.site, post.site.node4(), post.site.node6())) {
    const std::uint64_t before = post.witness.seen();
    if (!said(post.prober, request.frame))
      results.wrong(post.site.hook + ", " + request.name + ": nobody defends the address");
    if (post.witness.seen() == before)
      results.wrong(post.site.hook + ", " + request.name + ": kept from the stack");
  }
}

std::string address_flags(const Site& site, const std::string& address) {
  return run("ip addr show dev " + site.node + " to " + address);
}

// While an IPv6 address is tentative, and where it is a duplicate, nobody answers for it; once it is valid,
// the hook does.
void silent_until_valid(const Lab& lab, const Post& post, Results& results) {
  const Site& site = post.site;
  const std::string fresh = site.node6(0x99), taken = site.node6(0x98);
  write_text("/proc/sys/net/ipv6/conf/" + site.node + "/dad_transmits", "2");
  lab.in_neighbour([&] { run("ip addr add " + taken + "/64 dev " + site.near + " nodad"); });
  run("ip addr add " + fresh + "/64 dev " + site.node + " && ip addr add " + taken + "/64 dev " + site.node);
  unsigned asked = 0;
  const auto quiet = [&](const std::string& address, const char* flag) {
    for (const auto& frame : {solicitation(site, address), echo_request(site, address, 56)}) {
      const bool before = address_flags(site, address).find(flag) != std::string::npos;
      const auto reply = said(post.prober, frame);
      if (!before || address_flags(site, address).find(flag) == std::string::npos) continue;
      ++asked;
      if (reply) results.wrong(site.hook + ": answered for the " + flag + " address " + address);
    }
  };
  for (int i = 0; i < 15; ++i) quiet(fresh, " tentative");
  const auto valid = [&] { return address_flags(site, fresh).find("tentative") == std::string::npos; };
  if (asked < 10 || !wait_for(10000, valid))
    results.wrong(site.hook + ": duplicate address detection was not observed");
  const unsigned tentative = asked;
  for (int i = 0; i < 5; ++i) quiet(taken, " dadfailed");
  if (asked == tentative) results.wrong(site.hook + ": no address failed duplicate address detection");
  const auto by_hook = [&](const Bytes& frame) {
    const std::uint64_t before = post.witness.seen();
    return said(post.prober, frame) && post.witness.seen() == before;
  };
  if (!wait_for(1000,
                [&] { return by_hook(solicitation(site, fresh)) && by_hook(echo_request(site, fresh, 56)); }))
    results.wrong(site.hook + ": the hook does not answer for an address that has become valid");
  results.silent += asked;
  run("ip addr del " + fresh + "/64 dev " + site.node + " && ip addr del " + taken + "/64 dev " + site.node);
  lab.in_neighbour([&] { run("ip addr del " + taken + "/64 dev " + site.near); });
}

}  // namespace

void ebb::test::Results::wrong(const std::string& what) {
  if (++failures <= 20) std::printf("  WRONG: %s\n", what.c_str());
}

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // it takes minutes: each finding shows at once
  const Lab lab;
  lab.add_tcx_veth();
  Foreign passing;  // a veth drops what XDP sends back (XDP_TX), unless the other end runs an XDP program too
  lab.in_neighbour([&] { passing.attach_xdp("near0"); });
  const Site xdp{"xdp-native",       "node0",    "near0",     {2, 0, 0, 0, 0, 1},
                 {2, 0, 0, 0, 0, 2}, "192.0.2.", "2001:db8::"};
  const Site tcx{"tcx",         "node1",       "near1", {2, 0, 0, 0, 0, 3}, {2, 0, 0, 0, 0, 4},
                 "198.51.100.", "2001:db8:1::"};
  for (const Site* site : {&xdp, &tcx})  // known to the stack, so that it answers them at once
    for (const std::string& host : {site->node4(77), site->node6(77)})
      run("ip neigh add " + host + " lladdr " + mac_text(site->near_mac) + " dev " + site->node +
          " nud permanent");
  Agent agent(configuration);
  Results results;
  for (const Site* site : {&xdp, &tcx})
    if (!wait_for(5000, [&] { return interface_status(site->node).value("hook", "") == site->hook; }))
      die("the hook of " + site->node + " is not " + site->hook + "\n" + Agent::log());
  std::vector<Post> posts;
  for (const Site* site : {&xdp, &tcx}) posts.push_back({*site, Prober(lab, *site), Witness(site->node)});

  compare(posts[0], tcx, "", results);
  compare(posts[1], xdp, "", results);
  for (const auto& post : posts) {
    probe(post, results);
    silent_until_valid(lab, post, results);
  }
  remove_often(posts, results);
  stay_healthy(lab, posts, results);
  if (agent.stop() != 0) results.wrong("agentd did not stop cleanly");

  const bool late = results.removal_p99 > removal_bound_ms;
  const bool cannot_tell = late && results.bystander_p99 > removal_bound_ms / 2;
  std::printf(
      "answers: 2 hooks, %u requests compared, %u answered by the hook, %u wrong; %u removals: 99 %% "
      "followed within "
      "%.2f ms (bound 5), the last within %.2f ms; %.1f minutes: %lu of %lu pings lost, %lu requests reached "
      "the stack: "
      "%s\n",
      results.compared, results.by_hook, results.failures, removals, results.removal_p99, results.removal_max,
      results.minutes, results.lost, results.pings, results.leaked,
      results.failures || (late && !cannot_tell) ? "does not hold"
      : cannot_tell                              ? "inconclusive: a listener that does nothing is late too"
                                                 : "holds");
  return results.failures || (late && !cannot_tell) ? 1 : cannot_tell ? cannot_judge : 0;
}

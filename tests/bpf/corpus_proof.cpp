// SPDX-License-Identifier: GPL-2.0-or-later
// The proof `make prove-corpus`: no policy drops, trims or limits a packet of the corpus, in any power state,
// on either object. First the default policy, then random ones that give every packet to some class.
// corpus_proof [POLICIES] [SEED]. That the policies do take what is not protected is counted beside it, with
// packets of the same shapes.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "compare.hpp"
#include "corpus.hpp"
#include "dataplane/policy.hpp"
#include "support/netns.hpp"

namespace {

using namespace ebb;
using namespace ebb::test;

constexpr unsigned worth_showing = 20;

struct Figures {
  std::uint64_t runs = 0, wrong = 0, ordinary = 0, taken = 0;
};

int fail(const Error& error) {
  std::fprintf(stderr, "ERROR: %s\nHINT:  %s\n", error.what.c_str(), error.hint.c_str());
  return 2;
}

// Packets that nothing protects, of the shapes that the corpus has.
std::vector<Bytes> ordinary_packets() {
  const Packet broadcast = Packet().to(mac_broadcast).ipv4("192.0.2.9", "255.255.255.255");
  const Packet group = Packet().to({0x33, 0x33, 0, 0, 0, 0xfb}).ipv6("fe80::9", "ff02::fb");
  return {Packet(broadcast).udp(67, 69).payload(240).pad(4).bytes(),
          Packet(group).udp(5353, 5355).payload(60).pad(4).bytes(),
          Packet().ipv4("192.0.2.9", "198.51.100.7").tcp(50000, 23).payload(9).pad(4).bytes(),
          Packet().ipv6("2001:db8::9", "2001:db8:7::7").icmp(129).payload(60).pad(4).bytes(),
          Packet().vlan(7).ipv4("192.0.2.9", "198.51.100.7").proto(47).payload(60).pad(4).bytes()};
}

constexpr ebb_verdict takes[] = {EBB_DROP, EBB_TRIM, EBB_TRIM_STEER, EBB_LIMIT};

bool is_take(ebb_verdict verdict) {
  return std::find(std::begin(takes), std::end(takes), verdict) != std::end(takes);
}

std::uint64_t taken(const ebb_counters& counters) {
  std::uint64_t n = 0;
  for (const auto& row : counters.verdict)
    for (const ebb_verdict verdict : takes) n += row[verdict].packets;
  return n;
}

// Is `ran` what must happen to a protected packet: it goes on as it came, or it was a request and is
// answered?
bool untouched(const PacketObject::Ran& ran, const Bytes& frame, const Treatment& treat) {
  if (ran.error || ran.action == Action::drop) return false;
  return ran.action == Action::answer ? treat.answer : ran.frame == frame;
}

void show(Figures& figures, const char* policy, const CorpusPacket& packet, bool xdp, const Situation& now) {
  if (++figures.wrong <= worth_showing)
    std::printf("%s policy, %s, %s: %s was taken\n", policy, std::string(word(now.state)).c_str(),
                xdp ? "XDP" : "TC", packet.name.c_str());
}

// Runs the whole corpus in the situation in force. The counters tell as well what observe would have taken.
void run_corpus(Both& both, const char* policy, const std::vector<CorpusPacket>& corpus, Figures& figures) {
  Treatment any;
  for (const TrafficClass& c : both.config().classes)
    any.answer = any.answer || c.treat[std::size_t(both.now().state)].answer;
  for (PacketObject& object : both.objects()) {
    const std::uint64_t before = taken(object.counters());
    for (const CorpusPacket& packet : corpus) {
      ++figures.runs;
      if (!untouched(object.run(packet.frame), packet.frame, any))
        show(figures, policy, packet, object.xdp(), both.now());
    }
    const std::uint64_t counted = taken(object.counters()) - before;
    if (counted && both.now().enforcement == Enforcement::observe)
      for (const CorpusPacket& packet : corpus) {
        const std::uint64_t last = taken(object.counters());
        object.run(packet.frame);
        if (taken(object.counters()) != last) show(figures, policy, packet, object.xdp(), both.now());
      }
    else if (counted && !figures.wrong)
      ++figures.wrong, std::printf("%s policy: counted as taken, but not taken\n", policy);
  }
}

void run_ordinary(Both& both, const std::vector<Bytes>& packets, Figures& figures) {
  for (const Bytes& frame : packets) {
    const std::string difference = both.compare(frame);
    ++figures.ordinary;
    figures.taken += is_take(both.expected().verdict);
    if (!difference.empty()) ++figures.wrong, std::printf("an ordinary packet: %s\n", difference.c_str());
  }
}

void run_states(Both& both, const char* policy, Situation now, const std::vector<CorpusPacket>& corpus,
                const std::vector<Bytes>& ordinary, Figures& figures) {
  for (const auto state :
       {PowerState::performance, PowerState::balanced, PowerState::power_saver, PowerState::critical}) {
    now.state = state;
    both.set(now);
    run_ordinary(both, ordinary, figures);
    run_corpus(both, policy, corpus, figures);
  }
}

// A random policy whose last class takes whatever the others leave.
Config greedy_policy(Biased& biased) {
  Config config = biased.policy();
  TrafficClass last;
  last.name = "rest";
  for (Treatment& treat : last.treat) {
    const unsigned kind = biased.below(4);
    treat = {.drop = kind == 0, .trim_padding = kind == 1, .answer = biased.chance(30)};
    if (kind == 2) treat.limit = 1;
    if (kind == 3) treat.trim = 0;
  }
  std::size_t bits = 1;
  while (!config.classes.empty() && (bits = rule_bits(config).size()) >= EBB_RULES) config.classes.pop_back();
  last.match.emplace_back();
  config.classes.push_back(std::move(last));
  return config;
}

// Each packet passes for the reason that it is in the corpus for, where everything would be dropped.
void check_reasons(Both& both, const Situation& now, const std::vector<CorpusPacket>& corpus,
                   Figures& figures) {
  Config config;
  TrafficClass all;
  all.name = "all";
  all.match.emplace_back();
  all.treat.fill({.drop = true});
  config.classes.push_back(std::move(all));
  both.set(config, {9}, now);
  for (const CorpusPacket& packet : corpus) {
    Outcome expected;
    expected.frame = packet.frame;
    expected.slot = 9;
    expected.reason = packet.reason;
    for (PacketObject& object : both.objects()) {
      const std::string difference = object.check(packet.frame, expected);
      ++figures.runs;
      if (!difference.empty() && ++figures.wrong <= worth_showing)
        std::printf("drop everything, %s: %s: %s\n", object.xdp() ? "XDP" : "TC", packet.name.c_str(),
                    difference.c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long policies = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10000;
  Biased biased(argc > 2 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)) : 5);
  if (const auto entered = enter_private_namespaces(); !entered) return fail(entered.error());
  pin_to_cpu(0);
  auto both = Both::load();
  if (!both) return fail(both.error());
  const auto defaults = load_config(EBB_DEFAULT_POLICY);
  if (!defaults) return fail(defaults.error());

  const auto packets = corpus();
  const auto ordinary = ordinary_packets();
  std::set<std::string> names;
  for (const CorpusPacket& packet : packets) names.insert(packet.name);
  const auto situation = [&] {
    Situation now = biased.situation();
    now.iface |= EBB_IF_TERMINAL;
    now.above_rate = now.mdns_listener = true;
    return now;
  };
  Figures figures, by_default;
  Situation now = situation();
  now.enforcement = Enforcement::enforce;
  now.iface = EBB_IF_TERMINAL | EBB_IF_SOCKETS | EBB_IF_STEER;
  check_reasons(*both, now, packets, figures);
  both->set(*defaults, biased.slots(*defaults), now);
  run_states(*both, "default", now, packets, ordinary, by_default);
  for (unsigned long n = 0; n < policies && figures.wrong <= worth_showing; ++n) {
    now = situation();
    Config config = greedy_policy(biased);
    auto slots = biased.slots(config);
    both->set(std::move(config), std::move(slots), now);
    run_states(*both, "random", now, packets, ordinary, figures);
  }
  const std::uint64_t wrong = figures.wrong + by_default.wrong;
  // A policy that takes nothing proves nothing.
  const bool judged = names.size() >= 300 && names.size() == packets.size() && by_default.taken &&
                      (!policies || figures.taken * 2 > figures.ordinary);
  if (!judged) std::printf("too few packets, or the policies took too little to be judged\n");
  std::printf("corpus: %zu packets, default policy and %lu random ones, 4 states, 2 objects: %" PRIu64
              " runs, %" PRIu64 " false drops, trims or limits; of ordinary packets %" PRIu64 " of %" PRIu64
              " were taken, by the default policy %" PRIu64 " of %" PRIu64 "\n",
              packets.size(), policies, figures.runs + by_default.runs, wrong, figures.taken,
              figures.ordinary, by_default.taken, by_default.ordinary);
  return wrong ? 1 : judged ? 0 : 2;
}

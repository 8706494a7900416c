// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/testrun.hpp"

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "dataplane/policy.hpp"
#include "support/prepare.hpp"

namespace ebb::test {
namespace {

constexpr std::size_t largest_frame = 65536;
constexpr const char* verdict_names[EBB_VERDICTS] = {"PASS",       "DROP",   "TRIM",  "STEER",
                                                     "TRIM_STEER", "ANSWER", "LIMIT", "SPARED"};
constexpr std::uint64_t never = std::uint64_t{1} << 62;  // jiffies << 20: a due time that is not reached

int map_fd(bpf_object* object, const char* name) {
  const bpf_map* map = bpf_object__find_map_by_name(object, name);
  return map ? bpf_map__fd(map) : -1;
}

std::uint64_t mac_number(const Mac& mac) {
  std::uint16_t word[3];
  std::memcpy(word, mac.data(), sizeof word);
  return word[0] | std::uint64_t{word[1]} << 16 | std::uint64_t{word[2]} << 32;
}

// The ids of `now.owners`, by path, from 1.
std::map<std::string, std::uint8_t> owner_ids(const Situation& now) {
  std::map<std::string, std::uint8_t> out;
  for (const auto& [port, path] : now.owners) out.emplace(path, 0);
  std::uint8_t id = 0;
  for (auto& [path, number] : out) number = ++id;
  return out;
}

template <std::size_t N>
void refuse_if_full(std::size_t way, const char* what) {
  if (way < N) return;
  std::fprintf(stderr, "too many of one set: %s\n", what);
  std::abort();
}

void write_addresses(ebb_live& live, const Situation& now, unsigned ifindex) {
  live.first_mac = mac_number(now.macs.at(0));
  std::memset(live.us_mac, 0, sizeof live.us_mac);
  std::memset(live.us_ipv4, 0, sizeof live.us_ipv4);
  std::memset(live.ipv4, 0, sizeof live.ipv4);
  std::memset(live.ipv6, 0, sizeof live.ipv6);
  for (const Mac& mac : now.macs) {
    auto& ways = live.us_mac[mac[5]];
    std::size_t way = 0;
    while (way < 2 && ways[way]) ++way;
    refuse_if_full<2>(way, "MAC addresses");
    ways[way] = mac_number(mac);
  }
  for (const OwnAddress& own : now.addresses) {
    ebb_address entry{};
    std::memcpy(entry.word, own.address.data(), sizeof entry.word);
    entry.ifindex = own.here ? ifindex : ifindex + EBB_IFACES;  // shares the slot, but is another interface
    entry.answer = own.answer;
    const auto* w = entry.word;
    const auto set = EBB_ADDRESS_SET(own.ipv6 ? w[0] ^ w[1] ^ w[2] ^ w[3] : w[0]);
    auto& ways = own.ipv6 ? live.ipv6[set] : live.ipv4[set];
    std::size_t way = 0;
    while (way < EBB_WAYS && (ways[way].word[0] | ways[way].word[1] | ways[way].word[2] | ways[way].word[3]))
      ++way;
    refuse_if_full<EBB_WAYS>(way, "addresses");
    ways[way] = entry;
    if (own.ipv6) continue;
    auto& same_byte = live.us_ipv4[own.address[3]];
    way = 0;
    while (way < EBB_WAYS && same_byte[way] && same_byte[way] != w[0]) ++way;
    refuse_if_full<EBB_WAYS>(way, "IPv4 addresses");
    same_byte[way] = w[0];
  }
}

}  // namespace

void compile(const Config& config, const std::vector<std::uint8_t>& slots, const Situation& now,
             ebb_bank& bank) {
  if (const auto done = compile_policy(config, slots, now.masks, {.mdns_listener = now.mdns_listener}, bank);
      !done) {
    std::fprintf(stderr, "policy: %s\n", done.error().what.c_str());
    std::abort();
  }
  std::fill_n(bank.owner, EBB_OWNERS, bank.any_owner);
  const auto bits = rule_bits(config);
  for (const auto& [path, id] : owner_ids(now))
    for (std::size_t bit = 0; bit < bits.size(); ++bit)
      for (const Owner& owner : config.classes[bits[bit].class_index].match[bits[bit].rule_index].owner)
        if (owns(owner, path)) bank.owner[id] |= std::uint64_t{1} << bit;
}

void write_live(ebb_live& live, const Situation& now, unsigned ifindex) {
  live.deadline = now.inert ? 1 : std::numeric_limits<std::uint64_t>::max();
  live.word = (live.word & EBB_WORD_BANK) | static_cast<std::uint32_t>(now.state) << 4 |
              (now.enforcement == Enforcement::enforce ? EBB_WORD_ENFORCE : 0);
  live.hz = 100;
  for (std::uint32_t i = 0; i < EBB_KEYS; ++i) live.key[i] = 0x9e3779b1u * (i + 1);
  live.iface[ifindex % EBB_IFACES] = {now.iface, ifindex, mac_number(now.macs.at(0))};
  write_addresses(live, now, ifindex);
  live.owners_known = live.owners_epoch + !now.owners_known;
  std::memset(live.owner, 0, sizeof live.owner);
  const auto ids = owner_ids(now);
  for (const auto& [port, path] : now.owners) live.owner[port.first ? 0 : 1][port.second] = ids.at(path);
}

std::vector<Fd> open_sockets(const std::vector<LocalSocket>& wanted) {
  std::vector<Fd> out;
  for (const LocalSocket& s : wanted) {
    const int on = 1, only = !s.ipv4;
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(s.port);
    std::memcpy(&six.sin6_addr, s.local.data(), 16);
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(s.port);
    std::memcpy(&four.sin_addr, s.local.data(), 4);
    Fd fd(socket(s.ipv6 ? AF_INET6 : AF_INET, (s.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
    const auto* at =
        s.ipv6 ? reinterpret_cast<const sockaddr*>(&six) : reinterpret_cast<const sockaddr*>(&four);
    if (s.ipv6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    setsockopt(fd.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
    if (bind(fd.get(), at, s.ipv6 ? sizeof six : sizeof four) || (s.tcp && listen(fd.get(), 8))) {
      std::fprintf(stderr, "port %u: %s\n", unsigned{s.port}, std::strerror(errno));
      std::abort();
    }
    out.push_back(std::move(fd));
  }
  return out;
}

void pin_to_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set)) std::perror("sched_setaffinity"), std::abort();
}

void count(ebb_counters& counters, const Outcome& outcome, const Bytes& frame) {
  const bool left_alone = outcome.reason == EBB_R_TREATMENT || outcome.reason == EBB_R_UNCLASSIFIED;
  if (outcome.reason && !left_alone) ++counters.passed[*outcome.reason];
  if (!outcome.slot) return;
  ebb_count& n =
      counters.verdict[*outcome.slot][outcome.reason && !left_alone ? EBB_SPARED : outcome.verdict];
  ++n.packets;
  n.bytes += frame.size();
}

std::string difference(const ebb_counters& before, const ebb_counters& after) {
  std::string out;
  for (unsigned slot = 0; slot < EBB_CLASS_ROWS; ++slot)
    for (unsigned verdict = 0; verdict < EBB_VERDICTS; ++verdict) {
      const ebb_count &a = before.verdict[slot][verdict], &b = after.verdict[slot][verdict];
      if (a.packets == b.packets && a.bytes == b.bytes) continue;
      out += "slot " + std::to_string(slot) + " " + verdict_names[verdict] + " " +
             std::to_string(b.packets - a.packets) + " packets " + std::to_string(b.bytes - a.bytes) +
             " bytes; ";
    }
  for (unsigned reason = 0; reason < EBB_REASONS; ++reason)
    if (const auto n = after.passed[reason] - before.passed[reason])
      out += "reason " + std::to_string(reason) + " x" + std::to_string(n) + "; ";
  return out.empty() ? "nothing" : out;
}

Result<PacketObject> PacketObject::load(const std::string& path, bool xdp) {
  PacketObject out;
  out.xdp_ = xdp;
  out.object_.reset(bpf_object__open_file(path.c_str(), nullptr));
  if (!out.object_) return fail_errno("cannot open " + path, errno, "build the target all first");
  bpf_object* object = out.object_.get();
  const int cpus = libbpf_num_possible_cpus();
  out.rows_ = prepare(object);
  if (const int error = bpf_object__load(object))
    return fail_errno("cannot load " + path, -error, "run as root");

  out.program_ =
      bpf_program__fd(bpf_object__find_program_by_name(object, xdp ? "ebb_xdp" : "ebb_tc_ingress"));
  out.drops_fd_ = map_fd(object, "ebb_drops");
  void* memory =
      mmap(nullptr, sizeof(ebb_live), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd(object, ".bss"), 0);
  if (out.program_ < 0 || out.drops_fd_ < 0 || memory == MAP_FAILED)
    return fail(path + " lacks a program or a map");
  out.live_ = static_cast<ebb_live*>(memory);
  if (const int cpumap = map_fd(object, "ebb_cpumap"); cpumap >= 0)
    for (std::uint32_t cpu = 0, queue = 64; cpu < static_cast<std::uint32_t>(cpus); ++cpu)
      if (bpf_map_update_elem(cpumap, &cpu, &queue, 0)) return fail_errno("cannot fill the CPU map", errno);
  return out;
}

PacketObject::PacketObject(PacketObject&& other) noexcept
    : object_(std::move(other.object_)),
      xdp_(other.xdp_),
      program_(other.program_),
      drops_fd_(other.drops_fd_),
      rows_(other.rows_),
      above_rate_(other.above_rate_),
      live_(std::exchange(other.live_, nullptr)),
      seen_(other.seen_) {}

PacketObject::~PacketObject() {
  if (live_) munmap(live_, sizeof *live_);
}

void PacketObject::install(const Config& config, const std::vector<std::uint8_t>& slots,
                           const Situation& now) {
  static const auto bank = std::make_unique<ebb_bank>();
  compile(config, slots, now, *bank);
  install(*bank);
}

void PacketObject::install(const ebb_bank& bank) {
  const unsigned idle = (live_->word ^ EBB_WORD_BANK) & EBB_WORD_BANK;
  live_->bank[idle] = bank;
  live_->word ^= EBB_WORD_BANK;
  std::memset(&live_->bank[idle ^ 1], 0x5a, sizeof bank);
}

void PacketObject::apply(const Situation& now, unsigned ifindex) {
  write_live(*live_, now, ifindex);
  seen_ = counters();
  above_rate_ = now.above_rate;
  fill_buckets();
}

void PacketObject::fill_buckets() const {
  std::fill_n(live_->bucket, EBB_CLASS_ROWS, above_rate_ ? never : 0);
}

PacketObject::Ran PacketObject::run(const Bytes& frame) const {
  static thread_local Bytes buffer(largest_frame);
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = buffer.data(),
              .data_size_in = static_cast<std::uint32_t>(frame.size()),
              .data_size_out = static_cast<std::uint32_t>(buffer.size()), .repeat = 1);
  Ran out;
  if (bpf_prog_test_run_opts(program_, &options)) {
    out.error = errno;
    return out;
  }
  const auto action = static_cast<int>(options.retval);
  const int pass = xdp_ ? static_cast<int>(XDP_PASS) : TC_ACT_UNSPEC;
  const int drop = xdp_ ? static_cast<int>(XDP_DROP) : TC_ACT_SHOT;
  const int answer = xdp_ ? static_cast<int>(XDP_TX) : TC_ACT_REDIRECT;
  if (action == drop)
    out.action = Action::drop;
  else if (action == answer)
    out.action = Action::answer;
  else if (xdp_ && action == XDP_REDIRECT)
    out.action = Action::redirect;
  else if (action != pass)
    out.error = EBADMSG;  // an action that no verdict has
  if (action != drop) out.frame.assign(buffer.begin(), buffer.begin() + options.data_size_out);
  return out;
}

ebb_counters PacketObject::counters() const {
  constexpr std::size_t words = sizeof(ebb_counters) / sizeof(std::uint64_t);
  ebb_counters sum = live_->counters[0];
  std::array<std::uint64_t, words> total{}, one{};
  std::memcpy(total.data(), &sum, sizeof sum);
  for (unsigned row = 1; row < rows_; ++row) {
    std::memcpy(one.data(), &live_->counters[row], sizeof sum);
    for (std::size_t i = 0; i < words; ++i) total[i] += one[i];
  }
  std::memcpy(&sum, total.data(), sizeof sum);
  return sum;
}

ebb_drop PacketObject::last_drop(unsigned cpu) const {
  static thread_local std::vector<ebb_drops> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t zero = 0;
  if (bpf_map_lookup_elem(drops_fd_, &zero, cpus.data())) std::perror("ebb_drops"), std::abort();
  const ebb_drops& ring = cpus.at(cpu);
  return ring.next ? ring.drop[(ring.next - 1) % EBB_DROPS] : ebb_drop{};
}

std::string PacketObject::check(const Bytes& frame, const Outcome& expected) {
  fill_buckets();
  const Ran ran = run(frame);
  if (ran.error) return std::string("refused: ") + std::strerror(ran.error);
  ebb_counters wanted = seen_;
  count(wanted, expected, frame);
  const ebb_counters before = std::exchange(seen_, counters());
  if (ran.action != expected.action)
    return "action " + std::to_string(int(ran.action)) + ", expected " + describe(expected) + "; counted " +
           difference(before, seen_);
  if (ran.frame != expected.frame)
    return "frame of " + std::to_string(ran.frame.size()) + " bytes differs, expected " + describe(expected) +
           "; counted " + difference(before, seen_);
  if (std::memcmp(&wanted, &seen_, sizeof wanted) != 0)
    return "counted " + difference(before, seen_) + "expected " + difference(before, wanted);
  return {};
}

}  // namespace ebb::test

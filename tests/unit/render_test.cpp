// SPDX-License-Identifier: GPL-2.0-or-later
// What render_config prints is the configuration that it was given.
#include <random>

#include "config_support.hpp"

namespace ebb::test {
namespace {

using namespace std::chrono_literals;

// Random values of every key that the file format can say.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  Config config() {
    Config c;
    c.interfaces = some<std::string>({"eth0", "wl*", "auto", "[a-c]?", "a\"b"}, 1);
    c.interval = pick<std::chrono::milliseconds>({100ms, 1s, 90s, 2min, 1h, 1234ms});
    c.enforcement = static_cast<Enforcement>(below(2));
    c.management_ports = some<std::uint16_t>({1, 22, 2222, 65535}, 1);
    for (auto& state : c.states)
      if (chance(50)) state = rules(&state == &c.states[1]);
    // No rule takes all of a later one: each has a port of its own.
    for (unsigned n = below(6); n > 0; --n) c.classes.push_back(traffic_class(n));
    return c;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <typename T>
  T pick(const std::vector<T>& pool) {
    return pool[below(static_cast<unsigned>(pool.size()))];
  }
  template <typename T>
  std::vector<T> some(std::vector<T> pool, unsigned least = 0) {
    std::shuffle(pool.begin(), pool.end(), random_);
    pool.resize(least + below(static_cast<unsigned>(pool.size()) - least));
    return pool;
  }
  std::vector<Range16> ranges(std::uint16_t min, std::uint16_t max) {
    std::vector<Range16> out;
    for (unsigned n = chance(40) ? 1 + below(3) : 0; n > 0; --n) {
      const auto first = static_cast<std::uint16_t>(min + below(max - min + 1U));
      out.push_back(
          {first, chance(50) ? first : static_cast<std::uint16_t>(first + below(max - first + 1U))});
    }
    return out;
  }
  std::vector<Prefix> prefixes() {
    std::vector<Prefix> out;
    for (unsigned n = chance(30) ? 1 + below(2) : 0; n > 0; --n) {
      Prefix p{.ipv6 = false, .length = static_cast<std::uint8_t>(below(33))};
      for (unsigned bit = 0; bit < p.length; ++bit)
        if (chance(50)) p.address[bit / 8] = static_cast<std::uint8_t>(p.address[bit / 8] | 0x80U >> bit % 8);
      out.push_back(p);
    }
    if (chance(10)) out.push_back(prefix(true, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 1}, 64));
    return out;
  }

  StateRules rules(bool balanced) {
    StateRules r;
    r.configured = true;
    r.dwell = pick<std::chrono::milliseconds>({0ms, 15s, 1ms, 24h});
    if (!balanced && chance(70)) {
      r.enter = {{{{Sensor::frequency, true, false, 50, "<\t50 %"}}, 0ms, ""}};
      if (chance(50)) r.enter[0].hold_for = 90s;
      if (chance(50)) r.leave = {{{{Sensor::frequency, false, true, 1.2e6, "> 1.2GHz"}}, 0ms, ""}};
      if (chance(50))
        r.enter.push_back({{{Sensor::temperature, false, false, -5, "> -5C"},
                            {Sensor::temperature, true, false, 70.5, "< 70.5C"},
                            {.sensor = Sensor::mains, .text = "offline"}},
                           pick<std::chrono::milliseconds>({0ms, 1ms, 24h}),
                           ""});
      if (r.enter.size() == 2 && chance(50))
        r.leave.push_back({{{.sensor = Sensor::mains, .text = "online"}}, 2min, ""});
    }
    if (chance(30)) r.cpus.efficient = true;
    if (!r.cpus.efficient && chance(50)) {
      r.cpus.mask.emplace();
      for (unsigned n = 1 + below(5); n > 0; --n) r.cpus.mask->set(below(CpuMask::limit));
    }
    return r;
  }

  Rule udp_or_tcp(std::uint16_t own_port) {
    Rule r;
    r.dport = {{own_port, own_port}};
    r.proto = some<std::uint8_t>({6, 17, 1, 58, 99, 255});
    r.proto.push_back(6);
    r.ethertype = some<Range16>({{0x0800, 0x0800}, {0x86dd, 0x86dd}, {0x0806, 0x0806}, {0x88cc, 0x88cc}});
    r.ethertype.push_back({0x0800, 0x0800});
    r.sport = ranges(0, 65535);
    r.src = prefixes();
    if (r.src.empty() || !r.src[0].ipv6) r.dst = prefixes();
    if (!r.src.empty() && r.src[0].ipv6) r.ethertype.push_back({0x86dd, 0x86dd});
    if (!r.dst.empty() && r.dst[0].ipv6) r.dst.clear();
    r.delivery = some<Delivery>({Delivery::multicast, Delivery::broadcast});
    if (!r.delivery.empty()) r.delivery.push_back(Delivery::unicast);
    r.length = ranges(60, 65535);
    r.dscp = ranges(0, 63);
    r.vlan = ranges(1, 4094);
    r.tcp_flags = some<TcpFlags>({{0x02, 0x02}, {0x12, 0x02}, {0xff, 0x55}, {0x80, 0}});
    r.to = some<Destination>({Destination::forwarded, Destination::us});
    if (!r.to.empty() && chance(50)) r.to = {Destination::us, Destination::forwarded};
    r.no_listener = chance(30);
    if (r.to == std::vector<Destination>{Destination::forwarded}) return r;
    if (chance(20)) r.owner = some<Owner>({{false, "a.service"}, {false, "b\\x2dc@1.scope"}});
    if (chance(20)) r.owner = some<Owner>({{true, "/a"}, {true, "/b\"c\\d.slice/e"}});
    return r;
  }

  Treatment treatment(bool to_others) {
    Treatment t;
    if (!to_others && chance(20)) return {.drop = true};
    t.steer = chance(30);
    if (to_others) return t;
    t.trim_padding = chance(30);
    if (chance(30)) t.limit = 1 + below(1'000'000);
    return t;
  }

  TrafficClass traffic_class(unsigned number) {
    TrafficClass c;
    c.name = std::string("c-").append(std::to_string(number));
    c.kind = static_cast<ClassKind>(below(3));
    c.prefix_safe = chance(30);
    Rule plain;
    plain.proto = {static_cast<std::uint8_t>(200 + number)};
    c.match.push_back(plain);
    for (unsigned n = below(3); n > 0; --n)
      c.match.push_back(udp_or_tcp(static_cast<std::uint16_t>(number * 10 + n)));
    bool only_ip = true, to_others = false;
    for (const Rule& rule : c.match) {
      for (const Range16 e : rule.ethertype) only_ip = only_ip && (e.first == 0x0800 || e.first == 0x86dd);
      for (const Destination d : rule.to) to_others = to_others || d == Destination::forwarded;
    }
    if (only_ip)
      for (auto& treat : c.treat) treat = treatment(to_others);
    return c;
  }

  std::mt19937 random_;
};

TEST(Render, RandomConfigurationsComeBack) {
  Generator generator(20261122);
  std::size_t classes = 0, treated = 0;
  for (int i = 0; i < 2000; ++i) {
    const Config config = generator.config();
    const std::string text = render_config(config);
    const auto back = parse_config(text, "t");
    ASSERT_TRUE(back) << back.error().what << "\n" << text;
    ASSERT_TRUE(*back == config) << text;
    ASSERT_EQ(render_config(*back), text);
    classes += config.classes.size();
    for (const TrafficClass& c : config.classes)
      for (const Treatment& t : c.treat) treated += !t.passes();
  }
  EXPECT_GT(classes, 2000U);
  EXPECT_GT(treated, 2000U);
}

// One value each of what the random ones leave out.
TEST(Render, TreatmentsAndNames) {
  const std::string text = agent + R"(
[[class]]
name = "requests"
match = [{ proto = "icmp", dscp = ["ef", 46, "46-47", 2] }, { ethertype = "arp" }, { tcp_flags = "!fin" }]
[[class]]
name = "rest"
prefix_safe = true
match = {}
treat = { balanced = ["steer", "trim=0", "answer", "limit=5 pps"], critical = "pass" }
)";
  const Config config = good(text);
  const std::string out = render_config(config);
  EXPECT_EQ(good(out), config);
  EXPECT_EQ(out, R"([agent]
interfaces = ["eth0"]
interval = "5s"
enforcement = "observe"
management_ports = [22]

[plan.performance.bulk]
min_frequency = "1.8GHz"
moderation = "200us"

[plan.balanced.bulk]
min_frequency = "1.8GHz"
moderation = "200us"

[plan.power-saver.quiet]
max_frequency = "600MHz"
moderation = "2000us"

[plan.power-saver.bulk]
min_frequency = "1.8GHz"
moderation = "200us"

[plan.critical.quiet]
max_frequency = "600MHz"
moderation = "2000us"

[plan.critical.bulk]
moderation = "2000us"

[[class]]
name = "requests"
kind = "background"
match = [
  { proto = ["icmp"], dscp = ["ef", "ef", "46-47", 2] },
  { ethertype = ["arp"] },
  { tcp_flags = ["!fin"] },
]

[[class]]
name = "rest"
kind = "background"
prefix_safe = true
match = [
  {},
]
treat = { balanced = ["limit=5", "answer", "trim=0", "steer"] }
)");
}

// Each field takes part in the comparison, and `where` does not.
TEST(Render, EqualityIsByField) {
  const Config config = good(agent + "[[class]]\nname = \"c\"\nmatch = [{ proto = \"udp\" }]\n");
  EXPECT_EQ(good("\n\n" + agent + "[[class]]\n\nname = \"c\"\nmatch = [{  proto = \"udp\" }]\n"), config);
  const auto differs = [&](auto change) {
    Config other = config;
    change(other.classes[0], other.classes[0].match[0]);
    EXPECT_FALSE(other == config) << render_config(other);
  };
  differs([](TrafficClass& c, Rule&) { c.name = "d"; });
  differs([](TrafficClass& c, Rule&) { c.kind = ClassKind::bulk; });
  differs([](TrafficClass& c, Rule&) { c.prefix_safe = true; });
  differs([](TrafficClass& c, Rule&) { c.treat[2].answer = true; });
  differs([](TrafficClass& c, Rule&) { c.treat[2].limit = 5; });
  differs([](TrafficClass& c, Rule& r) { c.match.push_back(r); });
  differs([](TrafficClass&, Rule& r) { r.ethertype = {{1, 2}}; });
  differs([](TrafficClass&, Rule& r) { r.proto = {6}; });
  differs([](TrafficClass&, Rule& r) { r.sport = {{1, 2}}; });
  differs([](TrafficClass&, Rule& r) { r.dport = {{1, 2}}; });
  differs([](TrafficClass&, Rule& r) { r.src = {Prefix{}}; });
  differs([](TrafficClass&, Rule& r) { r.dst = {Prefix{}}; });
  differs([](TrafficClass&, Rule& r) { r.delivery = {Delivery::unicast}; });
  differs([](TrafficClass&, Rule& r) { r.length = {{1, 2}}; });
  differs([](TrafficClass&, Rule& r) { r.dscp = {{1, 2}}; });
  differs([](TrafficClass&, Rule& r) { r.vlan = {{1, 2}}; });
  differs([](TrafficClass&, Rule& r) { r.tcp_flags = {{1, 1}}; });
  differs([](TrafficClass&, Rule& r) { r.to = {Destination::us}; });
  differs([](TrafficClass&, Rule& r) { r.no_listener = true; });
  differs([](TrafficClass&, Rule& r) { r.owner = {{false, "a.service"}}; });
}

}  // namespace
}  // namespace ebb::test

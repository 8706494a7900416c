// SPDX-License-Identifier: GPL-2.0-or-later
// prove-price: what Ebb's verdict costs per packet, beside xdp-filter's, in one run (README.md here).
#include <unistd.h>

#include <cstdio>

#include <bpf/libbpf.h>

#include <fmt/core.h>

#include "base/log.hpp"
#include "price_rows.hpp"
#include "statistics.hpp"
#include "support/netns.hpp"

using namespace ebb;
using namespace ebb::bench;

namespace {

constexpr int series = 15;  // of a round
constexpr int rounds =
    4;                   // at most: a noisy machine gets more series, until every bound is outside the limits
constexpr int runs = 3;  // of each row in a series; their median is the row's figure
constexpr std::uint32_t repeat_hot = 400'000, repeat_swept = 150'000;

enum Outcome : int { holds = 0, broken = 1, inconclusive = 2 };

// What `target` adds to a bare pass is at most `limit` times what `against` adds, for the packets of `group`.
struct Claim {
  const char* name;
  const char* group;
  const char* target;
  const char* against;
  double limit;
};

#ifdef EBB_PRICE_FIELDS
constexpr bool fields = true;  // the later fields, and sockets
constexpr const char* proof = "fields";
constexpr Claim claims[] = {
    {"every field", "IPv4", "fields64", "xdp-filter", 0.20},
    {"swept", "IPv4, L1 swept", "fields64", "xdp-filter", 0.40},
    {"service", "IPv4", "service", "xdp-filter", 0.60},
    {"listener", "IPv4", "listener", "xdp-filter", 0.60},
    {"32,768 flows swept", "IPv4, 32,768 flows, L1 swept", "listener", "xdp-filter", 1.00},
    {"new flows", "IPv4, every packet a new flow", "listener", "xdp-filter", 1.50},
};
#else
constexpr bool fields = false;
constexpr const char* proof = "price";
constexpr Claim claims[] = {
    {"64 rules", "IPv4", "rules64", "xdp-filter", 0.20},
    {"swept", "IPv4, L1 swept", "rules64", "xdp-filter", 0.40},
    {"64 rules to 1 rule", "IPv4", "rules64", "rules1", 1.25},
};
#endif

// A cost below nothing is a fault of the measurement, and says nothing about the bound.
Outcome judge(const Estimate& ratio, double limit) {
  if (ratio.median <= 0) return inconclusive;
  return ratio.high <= limit ? holds : ratio.low > limit ? broken : inconclusive;
}

// figures[row][series], nanoseconds per packet.
using Figures = std::vector<std::vector<double>>;

// One more round. The rows take turns, so that noise of seconds or longer meets all of them.
Status measure(Price& price, Figures& figures) {
  const auto& rows = price.rows();
  for (int s = 0; s < series; ++s) {
    Figures single(rows.size());
    for (int r = 0; r < runs; ++r)
      for (std::size_t i = 0; i < rows.size(); ++i) {
        auto ns = price.run(rows[i], rows[i].settings.sweep ? repeat_swept : repeat_hot);
        if (!ns) return tl::unexpected(ns.error());
        single[i].push_back(*ns);
      }
    for (std::size_t i = 0; i < rows.size(); ++i) figures[i].push_back(median(single[i]));
    if (isatty(STDERR_FILENO)) fmt::print(stderr, "\rseries {} of {} ", s + 1, series);
  }
  if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r\033[K");
  return {};
}

// Row minus the bare pass of the same group and series.
std::vector<double> deltas(const Price& price, const Figures& figures, std::size_t row) {
  const auto& bare = figures[price.row(price.rows()[row].group, "bare")];
  std::vector<double> d;
  for (std::size_t i = 0; i < bare.size(); ++i) d.push_back(figures[row][i] - bare[i]);
  return d;
}

Estimate ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> r;
  for (std::size_t i = 0; i < a.size(); ++i) r.push_back(a[i] / b[i]);
  return estimate(r);
}

void print_table(const Price& price, const Figures& figures) {
  std::string group;
  for (std::size_t i = 0; i < price.rows().size(); ++i) {
    const auto& row = price.rows()[i];
    if (group != row.group) {
      group = row.group;
      fmt::print("\n{:<44} {:>9}  {:>9}  {:>11}\n", group, "ns", "limit", "xdp-filter");
    }
    if (row.target == std::string("bare")) {
      fmt::print("  {:<42} {:>9.1f}  {:>9}\n", "(bare pass, with the generator)", median(figures[i]), "");
      continue;
    }
    const auto d = deltas(price, figures, i);
    const auto e = estimate(d);
    fmt::print("  {:<42} {:>+9.1f}  {:>9.1f}", row.name, e.median, e.high);
    for (std::size_t f = 0; f < price.rows().size(); ++f)
      if (price.rows()[f].group == group && price.rows()[f].target == std::string("xdp-filter"))
        fmt::print("  {:>10.2f}x", ratio(d, deltas(price, figures, f)).median);
    fmt::print("\n");
  }
}

struct Verdict {
  Outcome outcome = holds;
  std::string text;
};

Verdict verdict(const Price& price, const Figures& figures) {
  auto [outcome, text] = Verdict{};
  for (const auto& claim : claims) {
    const auto measured = ratio(deltas(price, figures, price.row(claim.group, claim.target)),
                                deltas(price, figures, price.row(claim.group, claim.against)));
    const auto one = judge(measured, claim.limit);
    if (outcome != broken && one != holds) outcome = one;
    text += fmt::format("{}{} {:.3f} (limit {:.3f}, bound {:.2f})", text.empty() ? "" : ", ", claim.name,
                        measured.median, measured.high, claim.limit);
  }
  return {outcome, text};
}

int conclude(const Verdict& verdict) {
  if (verdict.outcome == inconclusive)
    fmt::print(
        "\nA bound lies between the lower and the upper limit, or a cost below 0: the machine was too noisy. "
        "Run it again.\n");
  fmt::print("\n{}: {}: {}\n", proof, verdict.text,
             verdict.outcome == holds    ? "holds"
             : verdict.outcome == broken ? "does not hold"
                                         : "inconclusive");
  return verdict.outcome;
}

}  // namespace

int main() {
  log_to_stderr("prove-price");
  const auto cannot = [](const Error& error) {
    log_error(error);
    return static_cast<int>(inconclusive);
  };
  if (auto ok = test::enter_private_namespaces(); !ok) return cannot(ok.error());
  libbpf_set_print(nullptr);
  const unsigned cpu = pin_to_cpu(1);
  auto price = Price::open(fields);
  if (!price) return cannot(price.error());
  for (const auto& row : price->rows())
    if (auto ok = price->check(row); !ok) return cannot(ok.error());
  fmt::print("Cost per packet beyond a bare pass: {}, CPU {}\n", machine(), cpu);
  Figures figures(price->rows().size());
  Verdict found;
  int round = 0;
  do {
    if (auto measured = measure(*price, figures); !measured) return cannot(measured.error());
    found = verdict(*price, figures);
  } while (++round < rounds && found.outcome == inconclusive);
  fmt::print("{} series, each the median of {} runs; median and 95 % upper limit over the series\n",
             round * series, runs);
  print_table(*price, figures);
  return conclude(found);
}

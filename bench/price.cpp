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

#ifdef EBB_PRICE_FIELDS
constexpr bool fields_too = true;  // prove-fields: the bounds of the later fields and of sockets
#else
constexpr bool fields_too = false;  // prove-price
#endif
constexpr int series = 15;
constexpr int runs = 3;  // of each row in a series; their median is the row's figure
constexpr std::uint32_t repeat_hot = 400'000, repeat_swept = 150'000;

enum Outcome : int { holds = 0, broken = 1, inconclusive = 2 };

struct Bound {
  Estimate ratio;
  double limit;
  Outcome outcome() const { return ratio.high <= limit ? holds : ratio.low > limit ? broken : inconclusive; }
};

// figures[row][series], nanoseconds per packet.
using Figures = std::vector<std::vector<double>>;

// The rows take turns, so that noise of seconds or longer meets all of them.
Result<Figures> measure(Price& price) {
  const auto& rows = price.rows();
  Figures figures(rows.size());
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
  return figures;
}

// Row minus the bare pass of the same group and series.
std::vector<double> deltas(const Price& price, const Figures& figures, std::size_t row) {
  const auto& bare = figures[price.row(price.rows()[row].group, "bare")];
  std::vector<double> d;
  for (int s = 0; s < series; ++s) {
    const auto i = static_cast<std::size_t>(s);
    d.push_back(figures[row][i] - bare[i]);
  }
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

Outcome verdict(const Price& price, const Figures& figures) {
  const auto delta = [&](const char* group, const char* target) {
    return deltas(price, figures, price.row(group, target));
  };
  const Bound hot{ratio(delta("IPv4", "rules64"), delta("IPv4", "xdp-filter")), 0.20};
  const Bound swept{ratio(delta("IPv4, L1 swept", "rules64"), delta("IPv4, L1 swept", "xdp-filter")), 0.40};
  const Bound rules{ratio(delta("IPv4", "rules64"), delta("IPv4", "rules1")), 1.25};
  const auto sockets = [&](const char* group, double bound) {
    return Bound{ratio(delta(group, "listener"), delta(group, "xdp-filter")), bound};
  };
  const Bound listener = sockets("IPv4", 0.60), many = sockets("IPv4, 32,768 flows, L1 swept", 1.00),
              fresh = sockets("IPv4, every packet a new flow", 1.50);
  const Bound fields{ratio(delta("IPv4", "fields64"), delta("IPv4", "xdp-filter")), 0.20};
  const Bound fields_swept{ratio(delta("IPv4, L1 swept", "fields64"), delta("IPv4, L1 swept", "xdp-filter")),
                           0.40};
  const Bound service{ratio(delta("IPv4", "service"), delta("IPv4", "xdp-filter")), 0.60};
  const std::vector<Bound> bounds =
      fields_too ? std::vector<Bound>{fields, fields_swept, listener, many, fresh, service}
                 : std::vector<Bound>{hot, swept, rules};
  auto outcome = holds;
  for (const auto& b : bounds)
    if (outcome != broken && b.outcome() != holds) outcome = b.outcome();
  if (outcome == inconclusive)
    fmt::print(
        "\nA bound lies between the lower and the upper limit: the machine was too noisy. Run it again.\n");
  const auto text = [](const Bound& b) {
    return fmt::format("{:.3f} (limit {:.3f}, bound {:.2f})", b.ratio.median, b.ratio.high, b.limit);
  };
  const char* word = outcome == holds ? "holds" : outcome == broken ? "does not hold" : "inconclusive";
  if (fields_too)
    fmt::print(
        "\nfields: every field / xdp-filter hot {}, swept {}; listener hot {}, 32,768 flows swept {}, new "
        "flows {}; service {}: "
        "{}\n",
        text(fields), text(fields_swept), text(listener), text(many), text(fresh), text(service), word);
  else
    fmt::print("\nprice: 64 rules / xdp-filter hot {}, swept {}; 64 rules / 1 rule {}: {}\n", text(hot),
               text(swept), text(rules), word);
  return outcome;
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
  auto price = Price::open();
  if (!price) return cannot(price.error());
  for (const auto& row : price->rows())
    if (auto ok = price->check(row); !ok) return cannot(ok.error());
  fmt::print("Cost per packet beyond a bare pass: {}, CPU {}\n", machine(), cpu);
  fmt::print("{} series, each the median of {} runs; median and 95 % upper limit over the series\n", series,
             runs);
  auto figures = measure(*price);
  if (!figures) return cannot(figures.error());
  print_table(*price, *figures);
  return verdict(*price, *figures);
}

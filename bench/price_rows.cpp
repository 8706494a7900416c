// SPDX-License-Identifier: GPL-2.0-or-later
#include "price_rows.hpp"

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>

#include "generator.skel.h"
#include "traffic.hpp"

namespace ebb::bench {

namespace {

constexpr std::uint32_t tc_unspec = static_cast<std::uint32_t>(TC_ACT_UNSPEC);
constexpr generator_settings ipv4{0, GENERATOR_IPV4, 0, 128, 114, 4096};
constexpr generator_settings ipv4_swept{0, GENERATOR_IPV4, 1, 128, 114, 4096};
constexpr generator_settings ipv4_udp{0, GENERATOR_IPV4_UDP, 0, 128, 114, 4096};
constexpr generator_settings ipv4_padded{0, GENERATOR_IPV4_UDP, 0, 128, 96, 4096};
constexpr generator_settings ipv4_long{0, GENERATOR_IPV4_UDP, 0, 554, 540, 4096};  // 512 bytes of payload
constexpr generator_settings ipv4_flows_swept{0, GENERATOR_IPV4, 1, 128, 114, 32768};
constexpr generator_settings ipv4_new_flows{0, GENERATOR_IPV4, 0, 128, 114, 0};
constexpr generator_settings ipv6{0, GENERATOR_IPV6, 0, 128, 114, 4096};

const std::vector<Row> price_table = {
    {"IPv4", "bare pass", "bare", ipv4, XDP_PASS, {}},
    {"IPv4", "xdp-filter, all features", "xdp-filter", ipv4, XDP_PASS, {}},
    {"IPv4", "Ebb, 64 rules", "rules64", ipv4, XDP_PASS, EBB_PASS},
    {"IPv4", "Ebb, 1 rule", "rules1", ipv4, XDP_PASS, EBB_PASS},
    {"IPv4", "Ebb, inert", "inert", ipv4, XDP_PASS, {}},
    {"IPv4, L1 swept", "bare pass", "bare", ipv4_swept, XDP_PASS, {}},
    {"IPv4, L1 swept", "xdp-filter, all features", "xdp-filter", ipv4_swept, XDP_PASS, {}},
    {"IPv4, L1 swept", "Ebb, 64 rules", "rules64", ipv4_swept, XDP_PASS, EBB_PASS},
    {"IPv4, L1 swept", "Ebb, 1 rule", "rules1", ipv4_swept, XDP_PASS, EBB_PASS},
    {"IPv6", "bare pass", "bare", ipv6, XDP_PASS, {}},
    {"IPv6", "xdp-filter, all features", "xdp-filter", ipv6, XDP_PASS, {}},
    {"IPv6", "Ebb, 64 rules", "rules64", ipv6, XDP_PASS, EBB_PASS},
    {"treatments", "bare pass", "bare", ipv4_udp, XDP_PASS, {}},
    {"treatments", "observe", "observe", ipv4_udp, XDP_PASS, EBB_DROP},
    {"treatments", "drop", "drop", ipv4_udp, XDP_DROP, EBB_DROP},
    {"treatments", "limit", "limit", ipv4_udp, XDP_DROP, EBB_LIMIT},
    {"treatments", "steer", "steer", ipv4_udp, XDP_REDIRECT, EBB_STEER},
    {"treatments, padded", "bare pass", "bare", ipv4_padded, XDP_PASS, {}},
    {"treatments, padded", "trim padding, 18 bytes", "padding", ipv4_padded, XDP_PASS, EBB_TRIM},
    {"treatments, 512 bytes", "bare pass", "bare", ipv4_long, XDP_PASS, {}},
    {"treatments, 512 bytes", "adjust_tail and back alone", "cut", ipv4_long, XDP_PASS, {}},
    {"treatments, 512 bytes", "trim = 64", "trim64", ipv4_long, XDP_PASS, EBB_TRIM},
    {"TC", "bare pass", "bare", ipv4, tc_unspec, {}, true},
    {"TC", "Ebb, 64 rules", "rules64", ipv4, tc_unspec, EBB_PASS, true},
};

const std::vector<Row> fields_table = {
    {"IPv4", "bare pass", "bare", ipv4, XDP_PASS, {}},
    {"IPv4", "xdp-filter, all features", "xdp-filter", ipv4, XDP_PASS, {}},
    {"IPv4", "Ebb, 64 rules, every field", "fields64", ipv4, XDP_PASS, EBB_PASS},
    {"IPv4", "Ebb, 63 rules and listener", "listener", ipv4, XDP_PASS, EBB_PASS},
    {"IPv4", "Ebb, 63 rules and service", "service", ipv4, XDP_PASS, EBB_PASS},
    {"IPv4, L1 swept", "bare pass", "bare", ipv4_swept, XDP_PASS, {}},
    {"IPv4, L1 swept", "xdp-filter, all features", "xdp-filter", ipv4_swept, XDP_PASS, {}},
    {"IPv4, L1 swept", "Ebb, 64 rules, every field", "fields64", ipv4_swept, XDP_PASS, EBB_PASS},
    {"IPv4, 32,768 flows, L1 swept", "bare pass", "bare", ipv4_flows_swept, XDP_PASS, {}},
    {"IPv4, 32,768 flows, L1 swept",
     "xdp-filter, all features",
     "xdp-filter",
     ipv4_flows_swept,
     XDP_PASS,
     {}},
    {"IPv4, 32,768 flows, L1 swept", "Ebb, 63 rules and listener", "listener", ipv4_flows_swept, XDP_PASS,
     EBB_PASS},
    {"IPv4, 32,768 flows, L1 swept", "Ebb, 63 rules and service", "service", ipv4_flows_swept, XDP_PASS,
     EBB_PASS},
    {"IPv4, every packet a new flow", "bare pass", "bare", ipv4_new_flows, XDP_PASS, {}},
    {"IPv4, every packet a new flow", "xdp-filter, all features", "xdp-filter", ipv4_new_flows, XDP_PASS, {}},
    {"IPv4, every packet a new flow",
     "the kernel's socket lookup alone",
     "lookup",
     ipv4_new_flows,
     XDP_PASS,
     {}},
    {"IPv4, every packet a new flow", "Ebb, 63 rules and listener", "listener", ipv4_new_flows, XDP_PASS,
     EBB_PASS},
};

struct Policy {
  std::string rules;
  Enforcement enforcement = Enforcement::enforce;
};

const std::map<std::string, Policy> policies = {
    {"rules64", {node_rules(64)}},
    {"fields64", {node_fields(64)}},
    {"rules1", {node_rules(1)}},
    {"listener", {node_fields(63) + last_rule(R"(listener = "none")", "unwanted")}},
    {"service", {node_fields(63) + last_rule(R"(service = "nobody.service")", "nobody")}},
    {"inert", {node_rules(64)}},
    {"observe", {treat_udp("drop"), Enforcement::observe}},
    {"drop", {treat_udp("drop")}},
    {"limit", {treat_udp("limit=1")}},
    {"steer", {treat_udp("steer")}},
    {"padding", {treat_udp("trim=padding")}},
    {"trim64", {treat_udp("trim=64")}},
};

// Of this thread, nanoseconds.
double cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

Result<std::shared_ptr<bpf_object>> load_xdp_filter() {
  std::string path;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           "/usr/lib", std::filesystem::directory_options::skip_permission_denied))
    if (entry.path().filename() == "xdpfilt_alw_all.o") path = entry.path();
  if (path.empty()) return fail("no xdpfilt_alw_all.o below /usr/lib", "install the package xdp-tools");
  std::shared_ptr<bpf_object> object(bpf_object__open_file(path.c_str(), nullptr), bpf_object__close);
  if (!object) return fail_errno("cannot open " + path, errno);
  bpf_map* map;
  bpf_object__for_each_map(map, object.get()) bpf_map__set_pin_path(map, nullptr);
  if (bpf_object__load(object.get()) != 0) return fail_errno("cannot load " + path, errno);
  if (auto ok = fill_xdp_filter(object.get()); !ok) return tl::unexpected(ok.error());
  return object;
}

}  // namespace

Result<Price> Price::open(bool fields) {
  Price p;
  p.generator_.reset(generator_bpf::open_and_load(), generator_bpf::destroy);
  if (!p.generator_) return fail_errno("cannot load the packet generator", errno);
  // TEST_RUN puts a program that is attached nowhere into the kernel's XDP dispatcher for each run and takes
  // it out again, some 16 ms of waiting. The loopback of our own namespace, which is down, keeps it there.
  if (const int error =
          bpf_xdp_attach(1, bpf_program__fd(p.generator_->progs.generator_xdp), XDP_FLAGS_SKB_MODE, nullptr);
      error != 0)
    return fail_errno("cannot attach the generator to the loopback", -error);
  auto filter = load_xdp_filter();
  if (!filter) return tl::unexpected(filter.error());
  p.filter_ = *filter;
  for (Row row : fields ? fields_table : price_table) {
    auto fd = p.load_target(row);
    if (!fd) return tl::unexpected(fd.error());
    row.settings.target = static_cast<std::uint32_t>(p.rows_.size());
    const auto* slots = row.tc ? p.generator_->maps.tc_targets : p.generator_->maps.xdp_targets;
    if (bpf_map_update_elem(bpf_map__fd(slots), &row.settings.target, &*fd, BPF_ANY) != 0)
      return fail_errno(fmt::format("cannot make {} a target", row.name), errno);
    p.rows_.push_back(row);
  }
  return p;
}

Result<int> Price::load_target(const Row& row) {
  const std::string target = row.target;
  const auto& own = generator_->progs;
  if (target == "bare") return bpf_program__fd(row.tc ? own.bare_tc : own.bare_xdp);
  if (target == "lookup") return bpf_program__fd(own.lookup_xdp);
  if (target == "cut") return bpf_program__fd(own.cut_xdp);
  if (target == "xdp-filter") return bpf_program__fd(bpf_object__next_program(filter_.get(), nullptr));
  if (products_.count(target) == 0) {
    const auto& policy = policies.at(target);
    auto product = Product::load(target, policy.rules, policy.enforcement);
    if (!product) return tl::unexpected(product.error());
    if (target == "inert") product->maps().set_inert();
    for (auto& bucket : product->maps().live().bucket)  // a limit's class is above its rate, for ever
      if (target == "limit") bucket = std::numeric_limits<std::uint64_t>::max();
    products_.emplace(target, std::move(*product));
  }
  const auto& product = products_.at(target);
  return row.tc ? product.tc() : product.xdp();
}

std::size_t Price::row(const std::string& group, const std::string& target) const {
  std::size_t i = 0;
  while (group != rows_.at(i).group || target != rows_[i].target) ++i;
  return i;
}

Status Price::test_run(const Row& row, std::uint32_t repeat) {
  auto& shared = *generator_->bss;
  shared.settings = row.settings;
  shared.failures = shared.begun = shared.spent = shared.spans = 0;
  std::vector<std::uint8_t> frame(row.settings.frame), out(2048);
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
              .data_size_in = row.settings.frame, .data_size_out = 2048, .repeat = static_cast<int>(repeat));
  const auto* generator = row.tc ? generator_->progs.generator_tc : generator_->progs.generator_xdp;
  const double begin = cpu_time();
  if (bpf_prog_test_run_opts(bpf_program__fd(generator), &options) != 0)
    return fail_errno(fmt::format("BPF_PROG_TEST_RUN of {}, {}", row.group, row.name), errno);
  duration_ = (cpu_time() - begin) / repeat;
  if (row.settings.sweep)
    duration_ = static_cast<double>(shared.spent) / static_cast<double>(std::max<__u64>(1, shared.spans));
  if (shared.failures != 0) return fail(fmt::format("{}, {}: the target did not run", row.group, row.name));
  retval_ = options.retval;
  return {};
}

Status Price::check(const Row& row) {
  const auto product = products_.find(row.target);
  const auto counted = [&] {
    std::uint64_t packets = 0;
    if (product != products_.end() && row.counted)
      for (const auto& c : product->second.maps().read_counters().classes)
        packets += c.verdict[*row.counted].packets;
    return packets;
  };
  const auto before = counted();
  const unsigned packets = row.settings.flows ? row.settings.flows : 4096;
  for (unsigned i = 0; i < packets; ++i) {
    if (auto ok = test_run(row, 1); !ok) return ok;
    if (retval_ != row.verdict)
      return fail(fmt::format("{}, {}: packet {} got verdict {}, not {}", row.group, row.name, i, retval_,
                              row.verdict));
  }
  if (row.counted && counted() - before != packets)
    return fail(fmt::format("{}, {}: Ebb counted its verdict {} times, not {}", row.group, row.name,
                            counted() - before, packets));
  return {};
}

Result<double> Price::run(const Row& row, std::uint32_t repeat) {
  // The bench's answers of sockets have no time, and those of other rows' flows would fill the sets, where on
  // a real machine they end within a second: end them, and let the row's own flows be known before it is
  // measured.
  if (row.target == std::string("listener") && row.settings.flows) {
    ++products_.at(row.target).maps().live().epoch;
    if (auto ok = test_run(row, row.settings.flows); !ok) return tl::unexpected(ok.error());
  }
  if (auto ok = test_run(row, repeat); !ok) return tl::unexpected(ok.error());
  return duration_;
}

}  // namespace ebb::bench

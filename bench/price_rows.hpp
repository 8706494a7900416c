// SPDX-License-Identifier: GPL-2.0-or-later
// What prove-price measures: the rows of its table, and one run of a row.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "abi.h"
#include "base/result.hpp"
#include "generator.h"
#include "support.hpp"

struct generator_bpf;
struct bpf_object;

namespace ebb::bench {

// Rows of one group see the same packets; the first is the bare pass.
struct Row {
  const char* group;
  const char* name;
  const char* target;  // "bare", "cut", "xdp-filter" or one of Ebb's policies
  generator_settings settings;
  std::uint32_t verdict;               // what the kernel must answer to every packet
  std::optional<ebb_verdict> counted;  // what Ebb must have counted for every packet
  bool tc = false;
};

class Price {
 public:
  // `fields`: the rows of prove-fields.
  static Result<Price> open(bool fields);

  const std::vector<Row>& rows() const { return rows_; }
  std::size_t row(const std::string& group, const std::string& target) const;

  // Sends each flow once, or 4,096: an error where a verdict is not the row's, so that no row can
  // measure something else than its name says.
  Status check(const Row& row);

  // Nanoseconds of CPU time per packet, over `repeat` packets. (The kernel's own `duration` has whole ones
  // only.)
  Result<double> run(const Row& row, std::uint32_t repeat);

 private:
  Price() = default;
  Result<int> load_target(const Row& row);
  Status test_run(const Row& row, std::uint32_t repeat);

  std::shared_ptr<generator_bpf> generator_;
  std::shared_ptr<bpf_object> filter_;
  std::map<std::string, Product> products_;  // by policy
  std::vector<Row> rows_;
  double duration_ = 0;       // of the last run
  std::uint32_t retval_ = 0;  // of the last run
};

}  // namespace ebb::bench

// SPDX-License-Identifier: GPL-2.0-or-later
// The limits of a cpufreq policy as knobs.
#include <filesystem>
#include <system_error>

#include "act/knob.hpp"
#include "base/file.hpp"

namespace ebb {
namespace {

namespace fs = std::filesystem;

Result<std::uint64_t> read_number(const std::string& path) { return read_file(path).and_then(parse_number); }

// "thermal-cpufreq-0" (before 5.12), "cpufreq-cpu0", "Processor" (ACPI).
bool cools_a_cpu(const std::string& type) {
  return type.find("cpufreq") != std::string::npos || type == "Processor";
}

class CpufreqLimit final : public Knob {
 public:
  CpufreqLimit(std::string path, std::string thermal)
      : file_(file_knob(path)), thermal_(std::move(thermal)), policy_(path.substr(0, path.rfind('/') + 1)) {
    max_ = path.ends_with("/scaling_max_freq");
  }
  std::string id() const override { return file_->id(); }
  std::string identity() const override { return file_->identity(); }
  Result<std::string> read() const override { return file_->read(); }
  Status write(const std::string& value) const override { return file_->write(value); }
  Status unset() const override { return fail("a frequency limit cannot be unset"); }
  // The kernel works the new effective value out in a work item of its own (cpufreq's policy->update).
  std::chrono::milliseconds settles() const override { return std::chrono::milliseconds(100); }

  Shows shows() const override { return max_ ? Shows::ceiling : Shows::floor; }
  Result<std::uint64_t> top() const override {
    return read_number(policy_ + (max_ ? "cpuinfo_max_freq" : "scaling_max_freq"));
  }
  // The kernel shows its own requests nowhere; what makes them it does show. A state that cannot be read
  // counts as one that cools.
  bool bound() const override {
    const auto hardware = top();
    const auto platform = read_number(policy_ + "bios_limit");
    if (platform && hardware && *platform < *hardware) return true;
    std::error_code error;
    for (fs::directory_iterator it(thermal_, error), end; !error && it != end; it.increment(error)) {
      if (!it->path().filename().string().starts_with("cooling_device")) continue;
      if (!cools_a_cpu(read_file(it->path() / "type").value_or(""))) continue;
      const auto state = read_number(it->path() / "cur_state");
      if (!state || *state > 0) return true;
    }
    return false;
  }

 private:
  std::unique_ptr<Knob> file_;
  std::string thermal_, policy_;
  bool max_ = false;
};

}  // namespace

std::unique_ptr<Knob> cpufreq_limit(std::string path, std::string thermal) {
  return std::make_unique<CpufreqLimit>(std::move(path), std::move(thermal));
}

}  // namespace ebb

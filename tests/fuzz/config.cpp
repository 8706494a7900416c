// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a configuration: refused with a place and a reason, or accepted, printed back as an equal one,
// and compiled into the same bank.
//
// Input: the text.
#include <cstring>
#include <memory>
#include <string_view>

#include "config/config.hpp"
#include "dataplane/policy.hpp"
#include "fuzz/check.hpp"

namespace ebb {
namespace {

constexpr const char* name = "agent.toml";

bool printable(const std::string& text) {
  for (const char c : text)
    if (c != '\n' && (c < 0x20 || c > 0x7e)) return false;
  return true;
}

void check_error(const Error& error) {
  check(!error.what.empty() && printable(error.what + error.hint), "an error that is no text: " + error.what);
  check(error.exit_code == exit_usage, "an error of the user has exit code 2: " + error.what);
}

Status compile(const Config& config, ebb_bank& bank) {
  static const auto nothing = std::make_unique<ebb_bank>();
  std::array<CpuMask, 4> masks;
  for (std::size_t i = 0; i < masks.size(); ++i) masks[i] = config.states[i].cpus.mask.value_or(CpuMask{});
  return compile_policy(config, assign_slots(config, *nothing), masks, PolicyFacts{}, bank);
}

void try_text(const std::string& text) {
  const auto config = parse_config(text, name);
  if (!config) return check_error(config.error());

  const std::string shown = render_config(*config);
  const auto again = parse_config(shown, "shown");
  check(again.has_value(), "refused what was shown: " + (again ? "" : again.error().what) + "\n" + shown);
  check(*again == *config, "another configuration was shown:\n" + shown);
  check(render_config(*again) == shown, "shown differently the second time:\n" + shown);

  static const auto bank = std::make_unique<ebb_bank>(), other = std::make_unique<ebb_bank>();
  const auto compiled = compile(*config, *bank);
  if (!compiled) return check_error(compiled.error());
  check(compile(*again, *other).has_value(), "what was shown does not compile:\n" + shown);
  check(std::memcmp(bank.get(), other.get(), sizeof *bank) == 0,
        "what was shown is another policy:\n" + shown);
}

}  // namespace
}  // namespace ebb

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::try_text({reinterpret_cast<const char*>(data), size});
  return 0;
}

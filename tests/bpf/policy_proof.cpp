// SPDX-License-Identifier: GPL-2.0-or-later
// The proof `make prove-policy`: the kernel's classification equals the plain reference, for random policies
// and frames on both objects. policy_proof [POLICIES] [SEED]. The last line says how much was compared, and
// how often each verdict was met: one that is rare has not been compared.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "compare.hpp"
#include "support/netns.hpp"

namespace {

constexpr unsigned frames_each = 8;  // per policy, a random half of them in another situation
constexpr unsigned worth_showing = 20;

int fail(const ebb::Error& error) {
  std::fprintf(stderr, "ERROR: %s\nHINT:  %s\n", error.what.c_str(), error.hint.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ebb::test;
  const unsigned long policies = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100000;
  Biased biased(argc > 2 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)) : 3);
  if (const auto entered = enter_private_namespaces(); !entered) return fail(entered.error());
  pin_to_cpu(0);
  auto both = Both::load();
  if (!both) return fail(both.error());

  std::uint64_t runs = 0, mismatches = 0, ipv6 = 0, matched = 0;
  std::array<std::uint64_t, EBB_VERDICTS> verdicts{};
  for (unsigned long n = 0; n < policies && mismatches <= worth_showing; ++n) {
    both->renew(biased);
    for (unsigned frame = 0; frame < frames_each; ++frame) {
      if (frame == frames_each / 2) {
        Situation now = biased.situation();
        now.masks = both->now().masks;
        now.mdns_listener = both->now().mdns_listener;
        both->set(now);
      }
      const Bytes bytes = biased.frame(both->config());
      const std::string difference = both->compare(bytes);
      runs += 2;
      ++verdicts[both->expected().verdict];
      matched += both->expected().slot.value_or(EBB_CLASSES) != EBB_CLASSES;
      const auto fields = read_fields(bytes);
      ipv6 += fields && fields->ipv6;
      if (difference.empty()) continue;
      ++mismatches;
      std::printf("policy %lu, frame %u: %s\n", n, frame, difference.c_str());
    }
  }
  // Of each verdict a thousandth at least: else the proof would say nothing about it.
  bool all = true;
  for (unsigned v = EBB_PASS; v <= EBB_LIMIT; ++v) all = all && verdicts[v] * 1000 >= runs / 2;
  if (!all) std::printf("a verdict was met too rarely to be compared\n");
  const auto n = [&](ebb_verdict v) { return verdicts[v]; };
  std::printf("policy: %lu policies, %" PRIu64 " runs of both objects (%" PRIu64 " frames IPv6, %" PRIu64
              " matched a rule; passed %" PRIu64 ", dropped %" PRIu64 ", trimmed %" PRIu64
              ", steered %" PRIu64 ", answered %" PRIu64 ", limited %" PRIu64 "), %" PRIu64 " mismatches\n",
              policies, runs, ipv6, matched, n(EBB_PASS), n(EBB_DROP), n(EBB_TRIM) + n(EBB_TRIM_STEER),
              n(EBB_STEER), n(EBB_ANSWER), n(EBB_LIMIT), mismatches);
  return mismatches ? 1 : all ? 0 : 2;
}

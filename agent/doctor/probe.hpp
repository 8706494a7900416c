// SPDX-License-Identifier: GPL-2.0-or-later
// What `agentctl doctor` finds out: one probe per capability that Ebb can use, asked by doing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ebb::doctor {

enum class Health : std::uint8_t {
  ok,
  degraded,  // usable, but less than it could be
  off,       // not to be had here
  unknown,   // it could not be asked
};

constexpr std::string_view word(Health health) {
  constexpr std::string_view words[] = {"ok", "degraded", "off", "unknown"};
  return words[static_cast<std::size_t>(health)];
}

struct Finding {
  std::string id;  // stable: "GROUP.NAME"; the table of probes fills it in
  Health status = Health::unknown;
  std::string reason;  // what was seen
  std::string remedy;  // one line; empty where nothing is to be done
};

inline Finding ok(std::string reason) { return {{}, Health::ok, std::move(reason), {}}; }
inline Finding degraded(std::string reason, std::string remedy) {
  return {{}, Health::degraded, std::move(reason), std::move(remedy)};
}
inline Finding off(std::string reason, std::string remedy) {
  return {{}, Health::off, std::move(reason), std::move(remedy)};
}
inline Finding unknown(std::string reason, std::string remedy) {
  return {{}, Health::unknown, std::move(reason), std::move(remedy)};
}
// `remedy` stands where the error has no hint of its own.
Finding off(const Error& error, std::string remedy);

class Bench;

struct Probe {
  enum Where : std::uint8_t { anywhere, on_bench };

  const char* id;
  Finding (*look)(const std::string& root) = nullptr;  // reads files below `root`; or
  Finding (*attempt)(Bench& bench) = nullptr;          // uses the kernel
  Where where = anywhere;                              // on_bench: needs the bench's namespaces

  constexpr Probe(const char* name, Finding (*reader)(const std::string&)) : id(name), look(reader) {}
  constexpr Probe(const char* name, Finding (*actor)(Bench&), Where place)
      : id(name), attempt(actor), where(place) {}
};

// In the order in which they are asked and shown.
const std::vector<Probe>& probes();

// Asks every probe, in a child with network and mount namespaces of its own. One finding per probe, in their
// order; a probe that dies or takes too long is `unknown`, and those behind it are asked all the same.
Result<std::vector<Finding>> examine();
Result<std::vector<Finding>> examine(const std::vector<Probe>& table);

// Whether the agent can do its core job here. The error names the finding that is in the way, its hint is the
// remedy; exit code 2: it cannot, 1: it could not be found out.
Status judge(const std::vector<Finding>& findings);

}  // namespace ebb::doctor

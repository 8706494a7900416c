// SPDX-License-Identifier: GPL-2.0-or-later
// Where the agent keeps what must outlive it (DESIGN 6). /run is memory: nothing is written to flash at rest.
#pragma once

namespace ebb {

inline constexpr const char* run_folder = "/run/ebb";
inline constexpr const char* agent_lock = "/run/ebb/agent.lock";      // held while an agent runs; its pid
inline constexpr const char* restore_lock = "/run/ebb/restore.lock";  // held by the guardian
inline constexpr const char* journal_path = "/run/ebb/journal.json";
inline constexpr const char* holds_path = "/run/ebb/holds.json";
// What was confirmed, while a newer configuration is not: trial.hpp.
inline constexpr const char* confirmed_path = "/run/ebb/confirmed.toml";
// The recommended number of workers, for programs: a decimal number and a newline.
inline constexpr const char* concurrency_path = "/run/ebb/concurrency";

}  // namespace ebb

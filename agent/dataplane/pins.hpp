// SPDX-License-Identifier: GPL-2.0-or-later
// Where Ebb's objects are pinned, and what is left there by others.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ebb {

inline constexpr const char* pin_root = "/sys/fs/bpf/ebb";

std::string pin_folder();  // /sys/fs/bpf/ebb/v<EBB_ABI>

// bpffs is mounted (exit code 2 if not), and no pin of another ABI is there (exit code 1).
Status check_pins();

// Every folder /sys/fs/bpf/ebb/v*, of whatever ABI.
std::vector<std::string> all_pin_folders();

// A pinned object, or an error with the errno (ENOENT: no such pin).
Result<Fd> open_pin(const std::string& path);

// Removes every pin in `folder` and the folder; closing a pinned link is what detaches it. Returns what was
// removed.
std::vector<std::string> remove_pins(const std::string& folder);

}  // namespace ebb

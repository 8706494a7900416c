// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent tells an object before it is loaded, for objects that are opened from a file.
#pragma once

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "abi.h"

namespace ebb::test {

// Returns the rows of ebb_live.counters that its programs use: one for each possible CPU, as the agent has
// it. 1: the object counts nothing.
inline unsigned prepare(bpf_object* object) {
  const auto cpus = static_cast<unsigned>(libbpf_num_possible_cpus());
  if (bpf_map* cpumap = bpf_object__find_map_by_name(object, "ebb_cpumap"))
    bpf_map__set_max_entries(cpumap, cpus);
  const btf* types = bpf_object__btf(object);
  bpf_map* map = bpf_object__find_map_by_name(object, ".rodata");
  const int section = types ? btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC) : -1;
  if (!map || section < 0) return 1;
  std::size_t size = 0;
  auto* memory = static_cast<char*>(const_cast<void*>(bpf_map__initial_value(map, &size)));
  const auto rows = std::bit_ceil(cpus);
  const btf_type* type = btf__type_by_id(types, static_cast<unsigned>(section));
  const btf_var_secinfo* variables = btf_var_secinfos(type);
  for (unsigned i = 0; memory && i < btf_vlen(type); ++i) {
    const std::uint32_t mask = rows - 1;
    const auto* variable = btf__type_by_id(types, variables[i].type);
    if (std::string_view(btf__name_by_offset(types, variable->name_off)) != "cfg_cpu_mask") continue;
    std::memcpy(memory + variables[i].offset, &mask, sizeof mask);
    return rows;
  }
  return 1;
}

}  // namespace ebb::test

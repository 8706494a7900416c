// SPDX-License-Identifier: GPL-2.0-or-later
#include "dataplane/maps.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dataplane/pins.hpp"

namespace ebb {
namespace {

struct Shape {
  const char* name;
  bpf_map_type type;
  std::uint32_t key_size;
  std::uint32_t value_size;
  std::uint32_t max_entries;
  std::uint32_t flags;
};

tl::unexpected<Error> refused_map(const char* name, int number) {
  auto error = fail_errno(std::string("the kernel refused the map ") + name, number,
                          number == EPERM ? "run as root, or with CAP_BPF and CAP_NET_ADMIN"
                                          : "Ebb needs Linux 5.10 or newer with CONFIG_BPF_SYSCALL");
  if (number != EPERM) error.value().exit_code = exit_usage;
  return error;
}

// Of the socket cache: 64 bytes each, for every possible CPU. 8,192 hold 64k flows; a small machine has
// fewer.
std::uint32_t socket_sets() {
  const auto memory =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return memory >= std::uint64_t{1} << 30 ? 8192 : 2048;
}

std::string pin_of(const std::string& folder, const Shape& shape) { return folder + "/" + shape.name; }

// The map that is pinned already; an empty Fd where there is none.
Result<Fd> adopt_map(const std::string& folder, const Shape& shape) {
  if (folder.empty()) return Fd();
  const std::string path = pin_of(folder, shape);
  auto pin = open_pin(path);
  if (!pin && pin.error().number == ENOENT) return Fd();
  if (!pin) return pin;
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(pin->get(), &info, &size) != 0 || info.type != shape.type ||
      info.key_size != shape.key_size || info.value_size != shape.value_size ||
      info.max_entries != shape.max_entries)
    return fail("the pin " + path + " is not a map of this agent",
                "remove what another program left: agentctl restore");
  return pin;
}

Result<Fd> make_map(const Shape& shape) {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = shape.flags;
  Fd map(
      bpf_map_create(shape.type, shape.name, shape.key_size, shape.value_size, shape.max_entries, &options));
  if (!map) return refused_map(shape.name, errno);
  return map;
}

}  // namespace

Result<Maps> Maps::open(const std::string& folder) {
  Maps maps;
  if (auto opened = maps.open_in(folder); !opened) {
    if (folder.empty()) return tl::unexpected(opened.error());
    rmdir(folder.c_str());  // if it is empty, it is ours
    rmdir(pin_root);
    return tl::unexpected(opened.error());
  }
  return maps;
}

Status Maps::open_in(const std::string& folder) {
  if (!folder.empty() && ((mkdir(pin_root, 0700) != 0 && errno != EEXIST) ||
                          (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)))
    return fail_errno("cannot create " + folder, errno, "is the BPF file system writable?");

  const auto cpus = static_cast<std::uint32_t>(std::max(1, libbpf_num_possible_cpus()));
  const auto page = static_cast<std::uint32_t>(sysconf(_SC_PAGESIZE));  // the least that a ring takes
  const auto sets = socket_sets();
  cpus_ = std::min(std::bit_ceil(cpus), std::uint32_t{EBB_COUNTED});
  const std::pair<Fd Maps::*, Shape> wanted[] = {
      {&Maps::live_fd_,
       {"ebb_live", BPF_MAP_TYPE_ARRAY, 4, static_cast<std::uint32_t>(live_size()), 1, BPF_F_MMAPABLE}},
      {&Maps::cpumap_fd_, {"ebb_cpumap", BPF_MAP_TYPE_CPUMAP, 4, sizeof(std::uint32_t), cpus, 0}},
      {&Maps::drops_fd_, {"ebb_drops", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(ebb_drops), 1, 0}},
      {&Maps::events_fd_, {"ebb_events", BPF_MAP_TYPE_RINGBUF, 0, 0, page, 0}},
      {&Maps::sockets_fd_,
       {"ebb_sockets", BPF_MAP_TYPE_ARRAY, 4, sizeof(ebb_socket_set), sets * cpus, BPF_F_MMAPABLE}},
  };
  for (const auto& [member, shape] : wanted) {  // all, before the first is made: a refusal changes nothing
    auto map = adopt_map(folder, shape);
    if (!map) return tl::unexpected(map.error());
    this->*member = std::move(*map);
  }
  std::vector<std::pair<int, std::string>> fresh;  // to be pinned, once the kernel has refused nothing
  for (const auto& [member, shape] : wanted) {
    if (this->*member) continue;
    auto map = make_map(shape);
    if (!map) return tl::unexpected(map.error());
    this->*member = std::move(*map);
    if (!folder.empty()) fresh.emplace_back((this->*member).get(), pin_of(folder, shape));
  }
  void* memory = mmap(nullptr, live_size(), PROT_READ | PROT_WRITE, MAP_SHARED, live_fd_.get(), 0);
  if (memory == MAP_FAILED) return refused_map("ebb_live", errno);
  live_ = static_cast<ebb_live*>(memory);
  set_up_cache(sets);

  grace_inner_fd_.reset(bpf_map_create(BPF_MAP_TYPE_ARRAY, "ebb_grace_inner", 4, 4, 1, nullptr));
  bpf_map_create_opts outer{};
  outer.sz = sizeof outer;
  outer.inner_map_fd = static_cast<std::uint32_t>(grace_inner_fd_.get());
  grace_fd_.reset(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "ebb_grace", 4, 4, 1, &outer));
  if (!grace_inner_fd_ || !grace_fd_) return refused_map("ebb_grace", errno);
  for (const auto& [fd, pin] : fresh) {
    if (bpf_obj_pin(fd, pin.c_str()) == 0) continue;
    const int number = errno;
    for (const auto& made : fresh) unlink(made.second.c_str());
    return fail_errno("cannot pin " + pin, number);
  }
  return {};
}

// The keys are kept where an earlier agent chose them: its cached answers stay good.
void Maps::set_up_cache(std::uint32_t sets) {
  live_->socket_sets = sets - 1;
  if (live_->key[0]) return;
  std::random_device secret;
  for (auto& key : live_->key) key = secret() | 1;
}

Maps::Maps(Maps&& other) noexcept { *this = std::move(other); }

Maps& Maps::operator=(Maps&& other) noexcept {
  std::swap(live_, other.live_);
  std::swap(cpus_, other.cpus_);
  live_fd_ = std::move(other.live_fd_);
  cpumap_fd_ = std::move(other.cpumap_fd_);
  drops_fd_ = std::move(other.drops_fd_);
  events_fd_ = std::move(other.events_fd_);
  sockets_fd_ = std::move(other.sockets_fd_);
  grace_fd_ = std::move(other.grace_fd_);
  grace_inner_fd_ = std::move(other.grace_inner_fd_);
  return *this;
}

Maps::~Maps() {
  if (live_) munmap(live_, live_size());
}

// libbpf has memory as large as the variable, and would give back only as much as the map has: its place and
// size are asked before the map is another one.
Status Maps::share_live(bpf_map* bss) const {
  std::size_t size = 0;
  auto* memory = static_cast<std::byte*>(const_cast<void*>(bpf_map__initial_value(bss, &size)));
  if (const int error = bpf_map__reuse_fd(bss, live_fd_.get()))
    return fail_errno("cannot share the map ebb_live", -error);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t kept = (live_size() + page - 1) / page * page;
  if (memory && size > kept) munmap(memory + kept, size - kept);
  return {};
}

const ebb_bank& Maps::bank() const { return live_->bank[live_->word & EBB_WORD_BANK]; }

// Returns when no program that began before can still run: the kernel waits for an RCU grace period before it
// answers an update of a map of maps (maybe_wait_bpf_programs; also with one CPU online and under nohz_full).
Status Maps::wait_for_readers() const {
  const std::uint32_t slot = 0;
  const int inner = grace_inner_fd_.get();
  if (bpf_map_update_elem(grace_fd_.get(), &slot, &inner, BPF_ANY) != 0)
    return fail_errno("cannot wait for the running programs", errno);
  return {};
}

Status Maps::publish(const ebb_bank& bank) {
  const std::uint32_t word = live_->word;
  const std::uint32_t idle = (word & EBB_WORD_BANK) ^ EBB_WORD_BANK;
  if (auto waited = wait_for_readers(); !waited) return waited;
  std::memcpy(&live_->bank[idle], &bank, sizeof bank);
  for (unsigned slot = 0; slot < EBB_CLASSES; ++slot)  // classes that are no more keep their counters' slots
    if (!bank.class_name[slot][0])
      std::memcpy(live_->bank[idle].class_name[slot], this->bank().class_name[slot], EBB_CLASS_NAME);
  store_word((word ^ EBB_WORD_BANK) + (1U << EBB_WORD_GENERATION));
  return {};
}

void Maps::store_word(std::uint32_t word) { __atomic_store_n(&live_->word, word, __ATOMIC_RELEASE); }

void Maps::set_state(PowerState state, TrafficMode mode) {
  const std::uint32_t kept = live_->word & ~(7U << 4 | 3U << 8);
  store_word(kept | static_cast<std::uint32_t>(state) << 4 | static_cast<std::uint32_t>(mode) << 8);
  const std::uint32_t armed = mode != TrafficMode::interactive;
  if (live_->armed != armed) __atomic_store_n(&live_->armed, armed, __ATOMIC_RELEASE);
}

void Maps::set_enforcement(Enforcement enforcement) {
  const std::uint32_t kept = live_->word & ~std::uint32_t{EBB_WORD_ENFORCE};
  store_word(kept | (enforcement == Enforcement::enforce ? EBB_WORD_ENFORCE : 0U));
}

void Maps::set_inert() { __atomic_store_n(&live_->deadline, 0, __ATOMIC_RELEASE); }

Status Maps::set_steering_cpus(const CpuMask& mask) const {
  // Packets that one CPU may have waiting: 40 ms of 50,000 packets/s. Beyond it the kernel drops.
  const std::uint32_t queue = 2048;
  for (const std::uint32_t cpu : mask.cpus()) {
    // A new queue would race with the packets in the old one: two orders of one flow.
    std::uint32_t present = 0;
    if (bpf_map_lookup_elem(cpumap_fd_.get(), &cpu, &present) == 0 && present == queue) continue;
    if (bpf_map_update_elem(cpumap_fd_.get(), &cpu, &queue, BPF_ANY) != 0)
      return fail_errno("cannot steer to CPU " + std::to_string(cpu), errno, "name CPUs that are online");
  }
  return {};
}

}  // namespace ebb

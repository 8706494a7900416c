// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/trial.hpp"

#include <cerrno>
#include <string>
#include <string_view>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dataplane/programs.hpp"
#include "doctor.skel.h"

namespace ebb::doctor {

void Trial::Destroy::operator()(doctor_bpf* object) const { doctor_bpf::destroy(object); }

Result<Trial> Trial::load(const char* name) {
  Trial trial;
  trial.object_.reset(doctor_bpf::open());
  if (!trial.object_) return fail_errno("cannot open the BPF object doctor", errno);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, trial.object_->obj) {
    const bool wanted = bpf_program__name(program) == std::string_view(name);
    bpf_program__set_autoload(program, wanted);
    if (wanted) trial.program_ = program;
  }
  bpf_map__set_autocreate(trial.object_->maps.doctor_ring, name == std::string_view("doctor_record"));
  const int error = doctor_bpf::load(trial.object_.get());
  if (error == -ESRCH) return fail(std::string("no kernel BTF, which ") + name + " needs");  // libbpf's word
  if (error) return fail_errno(std::string("the kernel refused ") + name, -error);
  return trial;
}

int Trial::program() const { return bpf_program__fd(program_); }
int Trial::ring() const { return bpf_map__fd(object_->maps.doctor_ring); }
void Trial::set_port(std::uint16_t port) const { object_->bss->port = port; }
std::uint64_t Trial::seen() const { return __atomic_load_n(&object_->bss->seen, __ATOMIC_ACQUIRE); }
void Trial::set_delay(std::chrono::nanoseconds delay) const {
  object_->bss->delay_ns = static_cast<std::uint64_t>(delay.count());
}

Status Trial::run() const {
  if (auto ran = run_by_hand(program()); !ran) return tl::unexpected(ran.error());
  return {};
}

}  // namespace ebb::doctor

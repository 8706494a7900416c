// SPDX-License-Identifier: GPL-2.0-or-later
// Every object, as the oldest and the newest supported clang compile it, is accepted by this kernel within
// half of the verifier's limit of a million instructions.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "support/prepare.hpp"

namespace ebb {
namespace {

constexpr unsigned budget = 500'000;  // verified instructions

struct Compiler {
  const char* name;
  const char* folder;  // of its objects
};
constexpr Compiler compilers[] = {
#ifdef EBB_CLANG14_OBJECTS  // not on every release (CMakeLists.txt)
    {"clang-14", EBB_CLANG14_OBJECTS},
#endif
    {"clang-19", EBB_CLANG19_OBJECTS},
};

struct Closer {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

class Load : public testing::TestWithParam<std::tuple<Compiler, const char*>> {};

TEST_P(Load, WithinTheBudget) {
  const auto [compiler, name] = GetParam();
  const std::string folder = compiler.folder;
  ASSERT_FALSE(folder.empty()) << compiler.name << " was not found when the build was configured\n"
                               << "HINT: `sh tools/bootstrap test` installs it; then configure again";
  const std::string path = folder + "/" + name + ".bpf.o";
  const std::unique_ptr<bpf_object, Closer> object(bpf_object__open_file(path.c_str(), nullptr));
  ASSERT_NE(object, nullptr) << path;
  test::prepare(object.get());
  ASSERT_EQ(bpf_object__load(object.get()), 0) << path << ": run as root; the verifier's log is above";

  unsigned programs = 0;
  bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(object.get(), program))) {
    bpf_prog_info info{};
    unsigned size = sizeof info;
    ASSERT_EQ(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
    std::printf("%s %s: %u verified instructions, %u translated\n", compiler.name, bpf_program__name(program),
                info.verified_insns, info.xlated_prog_len / 8);
    EXPECT_GT(info.verified_insns, 0u) << "this kernel does not say (needs 5.16)";
    EXPECT_LT(info.verified_insns, budget);
    ++programs;
  }
  EXPECT_GT(programs, 0u);
}

INSTANTIATE_TEST_SUITE_P(Objects, Load,
                         testing::Combine(testing::ValuesIn(compilers),
                                          testing::Values("xdp", "tc", "beat", "trace")),
                         [](const auto& chosen) {
                           std::string name =
                               std::string(std::get<0>(chosen.param).name) + "_" + std::get<1>(chosen.param);
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// Asks the probes in a child and hears its answers. A child that dies costs one finding: the next child goes
// on behind it.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <optional>

#include <bpf/libbpf.h>

#include "dataplane/programs.hpp"
#include "doctor/bench.hpp"
#include "doctor/probe.hpp"

namespace ebb::doctor {

using namespace std::chrono_literals;

namespace {

constexpr auto finding_patience = 30s;  // for one finding; an emulated board verifies a program in seconds

// One finding on the pipe: status, reason and remedy, each closed by a NUL.
std::string encode(const Finding& finding) {
  std::string out(1, static_cast<char>('0' + static_cast<int>(finding.status)));
  for (const auto& text : {std::string(), finding.reason, finding.remedy})
    out += text.substr(0, text.find('\0')) + '\0';
  return out;
}

std::optional<Finding> decode(std::string& bytes) {
  std::array<std::string, 3> fields;
  std::size_t at = 0;
  for (auto& field : fields) {
    const auto end = bytes.find('\0', at);
    if (end == std::string::npos) return std::nullopt;
    field = bytes.substr(at, end - at);
    at = end + 1;
  }
  bytes.erase(0, at);
  return Finding{{}, static_cast<Health>(fields[0][0] - '0'), fields[1], fields[2]};
}

Finding ask(const Probe& probe, Bench& bench) {
  if (probe.look) return probe.look("");
  if (probe.where == Probe::on_bench && !bench.place())
    return unknown(bench.place().error().what, bench.place().error().hint);
  return probe.attempt(bench);
}

// The kernel's last words on a program stand in front of its figures, "processed 123 insns ...". They come
// with libbpf's messages and belong to the finding at hand.
std::string verifier_words;

int keep_verifier_words(libbpf_print_level, const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  std::string text(static_cast<std::size_t>(std::max(0, std::vsnprintf(nullptr, 0, format, again))) + 1,
                   '\0');
  va_end(again);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  const auto figures = text.find("\nprocessed ");
  if (figures == std::string::npos) return 0;
  const auto begin = text.rfind('\n', figures - 1);
  verifier_words = text.substr(begin + 1, figures - begin - 1);
  return 0;
}

[[noreturn]] void child(const std::vector<Probe>& table, std::size_t first, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // libbpf prints what the kernel says straight to the standard error.
  if (const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  libbpf_set_print(keep_verifier_words);
  Bench bench;
  for (std::size_t i = first; i < table.size(); ++i) {
    verifier_words.clear();
    Finding finding = ask(table[i], bench);
    if (finding.status == Health::off && !verifier_words.empty())
      finding.reason += " (" + verifier_words + ")";
    const std::string answer = encode(finding);
    if (write(out, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size())) break;
  }
  _exit(0);
}

std::string ending(int status, bool late) {
  if (late) return "the probe took longer than " + std::to_string(finding_patience.count()) + " s";
  if (WIFSIGNALED(status)) return "the probe died of signal " + std::to_string(WTERMSIG(status));
  return "the probe gave no answer";
}

// Adds findings until the child ends or is late, and one more for the probe at which it did.
Status hear(const std::vector<Probe>& table, std::vector<Finding>& findings) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  Fd in(ends[0]), out(ends[1]);
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("cannot fork", errno);
  if (pid == 0) child(table, findings.size(), out.get());
  out.reset();
  std::string bytes;
  bool late = false;
  for (std::array<char, 4096> piece;;) {
    pollfd wait{.fd = in.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(finding_patience).count()));
    if (ready < 0 && errno == EINTR) continue;
    late = ready == 0;
    const ssize_t got = ready > 0 ? read(in.get(), piece.data(), piece.size()) : 0;
    if (got <= 0) break;
    bytes.append(piece.data(), static_cast<std::size_t>(got));
    while (auto finding = decode(bytes)) findings.push_back(std::move(*finding));
  }
  if (late) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (findings.size() < table.size()) findings.push_back(unknown(ending(status, late), "please report it"));
  return {};
}

}  // namespace

Finding off(const Error& error, std::string remedy) {
  return off(error.what, error.hint.empty() ? std::move(remedy) : error.hint);
}

Result<std::vector<Finding>> examine() {
  if (geteuid() != 0) return fail("doctor tries things that only root may", "sudo agentctl doctor");
  return examine(probes());
}

Result<std::vector<Finding>> examine(const std::vector<Probe>& table) {
  quiet_libraries();
  std::vector<Finding> findings;
  while (findings.size() < table.size())
    if (auto heard = hear(table, findings); !heard) return tl::unexpected(heard.error());
  for (std::size_t i = 0; i < table.size(); ++i) findings[i].id = table[i].id;
  return findings;
}

Status judge(const std::vector<Finding>& findings) {
  const auto find = [&](std::string_view id) {
    const auto at =
        std::find_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.id == id; });
    return at != findings.end() ? *at : Finding{std::string(id), Health::unknown, "it was not asked", ""};
  };
  const auto works = [](const Finding& one) {
    return one.status == Health::ok || one.status == Health::degraded;
  };
  const auto in_the_way = [](const Finding& one) {
    return fail(one.id + ": " + one.reason, one.remedy,
                one.status == Health::unknown ? int{exit_failed} : int{exit_usage});
  };
  for (const char* id :
       {"packets.maps", "packets.xdp-program", "packets.tc-program", "packets.beat", "system.bpffs"})
    if (const auto one = find(id); !works(one)) return in_the_way(one);
  // Any hook will do. None: the agent cannot work only if each of them was asked.
  auto worst = find("packets.xdp-native");
  for (const char* id : {"packets.xdp-native", "packets.tcx", "packets.clsact"}) {
    const auto one = find(id);
    if (works(one)) return {};
    if (one.status == Health::unknown) worst = one;
  }
  return in_the_way(worst);
}

}  // namespace ebb::doctor

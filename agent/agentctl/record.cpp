// SPDX-License-Identifier: GPL-2.0-or-later
// A record of this machine: no agent needed.
#include <poll.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "agentctl/verbs.hpp"
#include "base/fd.hpp"
#include "config/units.hpp"
#include "sense/recorder.hpp"

namespace ebb {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct RecordOptions {
  std::string folder, duration, interval = "1s", root;
};

Result<milliseconds> duration_of(const std::string& text, const char* option, milliseconds least) {
  const auto value = conf::parse_duration(text);
  if (value && *value >= least) return *value;
  return fail(std::string(option) + " " + text + ": expected a duration such as 500ms, 5s or 2m",
              "agentctl record --help", exit_usage);
}

// Waits for that long; false: somebody wants to stop.
bool wait(int signals, milliseconds time) {
  pollfd fd{.fd = signals, .events = POLLIN, .revents = 0};
  return poll(&fd, 1, static_cast<int>(std::max(time, 0ms).count())) <= 0;
}

Status record(const RecordOptions& options) {
  const auto interval = duration_of(options.interval, "--interval", 10ms);
  if (!interval) return tl::unexpected(interval.error());
  auto length = milliseconds::max();
  if (!options.duration.empty()) {
    const auto given = duration_of(options.duration, "--for", 0ms);
    if (!given) return tl::unexpected(given.error());
    length = *given;
  }
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&mask, signal);
  sigprocmask(SIG_BLOCK, &mask, nullptr);
  const Fd signals(signalfd(-1, &mask, SFD_CLOEXEC));
  if (!signals) return fail_errno("cannot wait for signals", errno);

  auto recorder = Recorder::open(options.folder, options.root);
  if (!recorder) return tl::unexpected(recorder.error());
  const auto begin = Clock::now();
  const auto since = [&] { return std::chrono::duration_cast<milliseconds>(Clock::now() - begin); };
  for (auto due = 0ms;; due += *interval) {
    if (auto sampled = recorder->sample(since()); !sampled) return sampled;
    const auto next = std::min(due + *interval, length);
    if (!wait(signals.get(), next - since()) || next == length) break;
  }
  const auto end = since();
  if (auto finished = recorder->finish(end); !finished) return finished;
  std::printf("%s: %zu files, %zu changes in %.1f s\n", options.folder.c_str(), recorder->files(),
              recorder->changes(), std::chrono::duration<double>(end).count());
  return {};
}

}  // namespace

void add_record(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("record", "Records what the sensors read, for agentd --root and replay");
  auto options = std::make_shared<RecordOptions>();
  verb->add_option("DIR", options->folder, "A new folder")->required();
  verb->add_option("--for", options->duration, "How long, such as 10m; without it until Ctrl-C");
  verb->add_option("--interval", options->interval, "Between two samples")->capture_default_str();
  verb->add_option("--root", options->root, "Record what is below this folder instead of this machine");
  verb->callback([&context, options] { context.result = record(*options); });
}

}  // namespace ebb

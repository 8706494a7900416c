// SPDX-License-Identifier: GPL-2.0-or-later
// hold, holds and release.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "agentctl/text.hpp"
#include "agentctl/verbs.hpp"
#include "agentctl/wish_pages.hpp"
#include "base/words.hpp"
#include "config/units.hpp"

namespace ebb {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto longest = 168h;
constexpr auto patience = 5s;

Result<std::int64_t> seconds_of(const std::string& text) {
  const auto time = conf::parse_duration(text);
  if (!time || *time < 1s || *time > longest)
    return fail("'" + text + "' is not a time from 1s to 168h", "such as 30s, 90m or 8h", exit_usage);
  return std::chrono::floor<std::chrono::seconds>(*time).count();
}

struct Wish {
  std::string state, time, reason;
  std::vector<std::string> command;  // empty: without --while
};

Result<json> ask(const Wish& wish) {
  const auto seconds = seconds_of(wish.time);
  if (!seconds) return tl::unexpected(seconds.error());
  return json{{"state", wish.state},
              {"seconds", *seconds},
              {"reason", wish.reason},
              {"while_connected", !wish.command.empty()}};
}

Result<pid_t> start(std::vector<std::string> command) {
  std::vector<char*> words;
  for (auto& one : command) words.push_back(one.data());
  words.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("cannot start " + command.front(), errno);
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // nobody would hold for it
  if (getppid() != parent) _exit(exit_failed);
  for (const int number : {SIGINT, SIGQUIT}) signal(number, SIG_DFL);
  execvp(words.front(), words.data());
  std::fprintf(stderr, "agentctl: cannot run %s: %s\n", sanitised(command.front()).c_str(),
               std::strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

// The exit code of a shell: 128 + the signal that ended it.
int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// The agent ended, or took the connection away: held again when it is back.
void hold_again(std::optional<VarlinkConnection>& connection, const std::string& socket, const json& wanted) {
  connection.reset();
  auto fresh = VarlinkConnection::open(socket, 1s);
  if (fresh && fresh->call("io.ebb.Agent.Hold", wanted, patience)) connection.emplace(std::move(*fresh));
}

Result<int> hold_while(const std::string& socket, const Wish& wish) {
  const auto wanted = ask(wish);
  if (!wanted) return tl::unexpected(wanted.error());
  auto opened = VarlinkConnection::open(socket, patience);
  if (!opened) return tl::unexpected(opened.error());
  if (auto held = opened->call("io.ebb.Agent.Hold", *wanted, patience); !held)
    return tl::unexpected(held.error());
  std::optional<VarlinkConnection> connection(std::move(*opened));

  for (const int number : {SIGINT, SIGQUIT}) signal(number, SIG_IGN);  // they are for the command
  const auto pid = start(wish.command);
  if (!pid) return tl::unexpected(pid.error());
  const Fd ended(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  if (!ended) return fail_errno("cannot wait for the command", errno);
  for (;;) {
    pollfd events[] = {{.fd = ended.get(), .events = POLLIN, .revents = 0},
                       {.fd = connection ? connection->fd() : -1, .events = POLLIN, .revents = 0}};
    poll(events, 2, connection ? -1 : 1000);
    if (events[0].revents) break;
    if (events[1].revents || !connection) hold_again(connection, socket, *wanted);
  }
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  return code_of(status);
}

Status hold(const std::string& socket, const Wish& wish) {
  const auto wanted = ask(wish);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto reply = varlink_call(socket, "io.ebb.Agent.Hold", *wanted);
  if (!reply) return tl::unexpected(reply.error());
  const auto& one = page::member(*reply, "hold");
  std::printf("%s: %s until %s; to end it: agentctl release %s\n", page::text(one, "id").c_str(),
              page::text(one, "state").c_str(), page::text(one, "until").c_str(),
              page::text(one, "id").c_str());
  return {};
}

Status release(const std::string& socket, const std::string& id, bool all) {
  if (id.empty() != all)
    return fail(all ? "--all needs no ID" : "which one?",
                "agentctl release ID, or --all; agentctl holds lists them", exit_usage);
  const auto reply = varlink_call(socket, "io.ebb.Agent.Release", all ? json::object() : json{{"id", id}});
  if (!reply) return tl::unexpected(reply.error());
  const auto& gone = page::member(*reply, "released");
  if (!gone.is_array() || gone.empty()) std::puts("there was no hold");
  if (gone.is_array())
    for (const auto& one : gone) std::printf("released %s\n", page::text(one).c_str());
  return {};
}

}  // namespace

void add_hold(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("hold", "Ask for a power state, for a time or while a command runs");
  verb->prefix_command()->fallthrough(false);  // what follows the command is the command's
  verb->add_option("--socket", context.socket, "The agent's socket")->capture_default_str();
  auto* state = verb->add_option("STATE", "performance, balanced, power-saver or critical")->required();
  state->check(CLI::IsMember(std::vector<std::string>(power_state_words.begin(), power_state_words.end())))
      ->type_name("");
  auto* time = verb->add_option("--for", "At most so long, such as 90m; with --while 24h")->type_name("TIME");
  auto* reason = verb->add_option("--reason", "Why, for everybody who wonders")->type_name("TEXT");
  auto* run = verb->add_flag("--while")->description(
      "Run the COMMAND that follows, hold until it ends, exit with its code");
  verb->footer("agentctl hold performance --reason backup --while rsync -a /data backup:");
  verb->callback([=, &context] {
    const bool runs = run->count() > 0;
    Wish wish{state->as<std::string>(),
              time->count() ? time->as<std::string>()
              : runs        ? "24h"
                            : "",
              reason->count() ? reason->as<std::string>() : "", verb->remaining()};
    if (wish.reason.empty() && runs && !wish.command.empty()) wish.reason = wish.command.front();
    if (runs == wish.command.empty())
      context.result =
          fail(runs ? "--while needs a command" : "'" + wish.command.front() + "' is not understood",
               "agentctl hold power-saver --for 1h --reason TEXT, or --while COMMAND...", exit_usage);
    else if (wish.time.empty() || wish.reason.empty())
      context.result =
          fail(wish.time.empty() ? "for how long?" : "what for?",
               "agentctl hold power-saver --for 1h --reason \"on battery until noon\"", exit_usage);
    else if (!runs)
      context.result = hold(context.socket, wish);
    else if (const auto code = hold_while(context.socket, wish))
      context.exit_code = *code;
    else
      context.result = tl::unexpected(code.error());
  });
}

void add_holds(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("holds", "The holds in force");
  auto* as_json = verb->add_flag("--json")->description("Print the agent's answer as JSON");
  verb->callback([&context, as_json] {
    context.result = show_reply(context.socket, "io.ebb.Agent.ListHolds", json::object(),
                                as_json->count() > 0, render_holds);
  });
}

void add_release(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("release", "End a hold");
  auto* id = verb->add_option("ID", "Of agentctl holds")->type_name("");
  auto* all = verb->add_flag("--all")->description("Every hold");
  verb->callback([=, &context] {
    context.result = release(context.socket, id->count() ? id->as<std::string>() : "", all->count() > 0);
  });
}

}  // namespace ebb

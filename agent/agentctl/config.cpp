// SPDX-License-Identifier: GPL-2.0-or-later
// config check, show and diff.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "agentctl/diff.hpp"
#include "agentctl/sheet.hpp"
#include "agentctl/verbs.hpp"
#include "agentd/policy_host.hpp"
#include "config/config.hpp"

namespace ebb {
namespace {

std::string plural(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// What the agent would accept at its start, the size of the compiled policy included.
Result<Config> load_checked(const std::string& path) {
  auto config = load_config(path);
  if (!config) return config;
  if (auto compiled = try_policy(*config); !compiled) return tl::unexpected(compiled.error());
  return config;
}

Status check(const std::string& path) {
  const auto config = load_checked(path);
  if (!config) return tl::unexpected(config.error());
  std::size_t rules = 0;
  for (const auto& each : config->classes) rules += each.match.size();
  for (const auto& file : config_files(path)) std::printf("read: %s\n", file.c_str());
  std::printf("ok: %s, %s, %s\n", plural(config->interfaces.size(), "interface", "interfaces").c_str(),
              plural(config->classes.size(), "class", "classes").c_str(),
              plural(rules, "rule", "rules").c_str());
  return {};
}

Result<std::string> text_of_running(const std::string& socket) {
  const auto reply = varlink_call(socket, "io.ebb.Agent.Config");
  if (!reply) return tl::unexpected(reply.error());
  const auto& text = page::member(*reply, "text");
  if (!text.is_string()) return fail("the agent's reply has no configuration");
  return text.get<std::string>();
}

Result<std::string> text_of_files(const std::string& path) {
  const auto config = load_checked(path);
  if (!config) return tl::unexpected(config.error());
  return render_config(*config);
}

Status show(const Result<std::string>& text) {
  if (!text) return tl::unexpected(text.error());
  std::fwrite(text->data(), 1, text->size(), stdout);
  return {};
}

Status diff(Context& context, const std::string& path) {
  const auto running = text_of_running(context.socket);
  if (!running) return tl::unexpected(running.error());
  const auto files = text_of_files(path);
  if (!files) return tl::unexpected(files.error());
  const auto different = print_diff({"running", *running}, {path, *files}, terminal_style().colour);
  if (!different) return tl::unexpected(different.error());
  context.exit_code = *different ? 1 : 0;
  return {};
}

// The file that a verb works on.
CLI::Option* file_option(CLI::App& verb) {
  return verb.add_option("FILE", "The configuration; conf.d/*.toml beside it belongs to it")
      ->default_str(default_config_path);
}
std::string path_in(const CLI::Option& file) {
  return file.count() > 0 ? file.as<std::string>() : std::string(default_config_path);
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("config", "Work on the configuration");
  group->require_subcommand(1);

  auto* checked = group->add_subcommand("check", "Validate a configuration; touches nothing");
  checked->callback([&context, file = file_option(*checked)] { context.result = check(path_in(*file)); });

  auto* shown = group->add_subcommand("show", "Print a configuration in its canonical form");
  auto* file = file_option(*shown);
  auto* running = shown->add_flag("--running")->description("That of the running agent")->excludes(file);
  shown->callback([&context, file, running] {
    context.result =
        show(running->count() > 0 ? text_of_running(context.socket) : text_of_files(path_in(*file)));
  });

  auto* compared =
      group->add_subcommand("diff", "What a reload would change: the running agent against the files");
  compared->callback(
      [&context, file = file_option(*compared)] { context.result = diff(context, path_in(*file)); });
}

}  // namespace ebb

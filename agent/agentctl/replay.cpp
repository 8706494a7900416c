// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent would have decided on a record: sense and decide over it, no agent, no waiting.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "agentctl/text.hpp"
#include "agentctl/verbs.hpp"
#include "agentd/status.hpp"
#include "config/units.hpp"
#include "decide/state.hpp"
#include "sense/replay.hpp"
#include "sense/sensors.hpp"

namespace ebb {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

struct ReplayOptions {
  std::string folder, config = default_config_path, interval;
  bool as_json = false, samples = false;
};

json to_json(milliseconds at, const StateMemory& memory) {
  return {{"at", at.count()},
          {"state", word(memory.state)},
          {"rule", memory.rule},
          {"values", memory.values},
          {"flaps", memory.flaps}};
}

// "     35.0 s  power-saver  power-saver.enter, frequency 50 %"
void print(milliseconds at, const StateMemory& memory) {
  std::printf("%10.1f s  %s  %s\n", std::chrono::duration<double>(at).count(),
              left(word(memory.state), 12).c_str(), sanitised(because(memory)).c_str());
}

// The same steps as the agent's: one sample per interval, the first at the record's beginning.
Status replay(const ReplayOptions& options) {
  const auto config = load_config(options.config);
  if (!config) return tl::unexpected(config.error());
  milliseconds interval = config->interval;
  if (!options.interval.empty()) {
    const auto given = conf::parse_duration(options.interval);
    if (!given || given->count() <= 0)
      return fail("--interval " + options.interval + ": expected a duration such as 500ms or 5s",
                  "agentctl replay --help", exit_usage);
    interval = *given;
  }
  auto opened = Replay::open(options.folder);
  if (!opened) return tl::unexpected(opened.error());
  const Tree& record = **opened;
  Sensors sensors(std::move(*opened));
  StateMemory memory;
  for (milliseconds at{0};; at += interval) {
    const Sample sample = sensors.read(at);
    const bool first = !memory.decided;
    const auto before = memory.state;
    memory = decide_state(config->states, memory, {.sample = sample, .now = at});
    const bool changed = first || memory.state != before;
    if (options.as_json && (changed || options.samples)) {
      json line = to_json(at, memory);
      if (options.samples) line["sensors"] = sensors_json(sample);
      std::printf("%s\n", line.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    } else if (changed) {
      print(at, memory);
    }
    if (record.over()) return record.failure();
  }
}

}  // namespace

void add_replay(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("replay", "What the agent would decide on a record, at once");
  auto options = std::make_shared<ReplayOptions>();
  verb->add_option("DIR", options->folder, "A folder that agentctl record made")->required();
  verb->add_option("--config", options->config, "The configuration")->capture_default_str();
  verb->add_option("--interval", options->interval, "Between two samples; by default the configuration's");
  verb->add_flag("--json", options->as_json, "One line of JSON per change of the state");
  verb->add_flag("--samples", options->samples, "With --json: per sample, with its readings");
  verb->callback([&context, options] { context.result = replay(*options); });
}

}  // namespace ebb

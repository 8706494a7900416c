// SPDX-License-Identifier: GPL-2.0-or-later
// The verbs of agentctl: one file each, one line in main.cpp's table.
#pragma once

#include <string>

#include "api/varlink_client.hpp"
#include "base/result.hpp"

namespace CLI {
class App;
}

namespace ebb {

struct PageStyle;

// Asks the agent and prints its answer: as JSON, or as the page that `render` makes of it.
Status show_reply(const std::string& socket, const char* method, const nlohmann::json& asked, bool as_json,
                  std::string (*render)(const nlohmann::json& reply, const PageStyle& style));

struct Context {
  std::string socket = default_socket;
  Status result;      // of the verb that ran
  int exit_code = 0;  // of a verb that succeeded, where that says something
};

void add_status(CLI::App& app, Context& context);
void add_explain(CLI::App& app, Context& context);
void add_why_dropped(CLI::App& app, Context& context);
void add_watch(CLI::App& app, Context& context);
void add_plan(CLI::App& app, Context& context);
void add_hold(CLI::App& app, Context& context);
void add_holds(CLI::App& app, Context& context);
void add_release(CLI::App& app, Context& context);
void add_enforce(CLI::App& app, Context& context);
void add_restore(CLI::App& app, Context& context);
void add_reload(CLI::App& app, Context& context);
void add_confirm(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_record(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_config(CLI::App& app, Context& context);

}  // namespace ebb

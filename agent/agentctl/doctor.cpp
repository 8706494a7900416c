// SPDX-License-Identifier: GPL-2.0-or-later
// doctor: what Ebb could use on this machine, tried out; needs no agent.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "agentctl/doctor_page.hpp"
#include "agentctl/verbs.hpp"

namespace ebb {
namespace {

Status examine(Context& context, bool as_json) {
  const auto findings = doctor::examine();
  if (!findings) return tl::unexpected(findings.error());
  const auto judged = doctor::judge(*findings);
  const std::string out =
      as_json ? page::json_text(doctor_json(*findings)) : render_doctor(*findings, judged, terminal_style());
  std::fwrite(out.data(), 1, out.size(), stdout);
  context.exit_code = judged ? exit_done : judged.error().exit_code;
  return {};
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("doctor", "What Ebb can use on this machine, tried out");
  auto* as_json = verb->add_flag("--json")->description("Print the findings as JSON");
  verb->callback([&context, as_json] { context.result = examine(context, as_json->count() > 0); });
}

}  // namespace ebb

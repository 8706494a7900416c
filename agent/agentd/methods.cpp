// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/methods.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string_view>

#include "agentd/daemon.hpp"
#include "agentd/status.hpp"
#include "api/interface.hpp"
#include "config/config.hpp"

namespace ebb {
namespace {

using nlohmann::json;

constexpr int max_confirm_seconds = 24 * 3600;
constexpr std::size_t max_reason = 200;

tl::unexpected<VarlinkError> told(const char* name, const Error& error) {
  return varlink_error(std::string("io.ebb.Agent.") + name, {{"message", error.what}, {"hint", error.hint}});
}

// `usage`: the name of an error that the caller made.
VarlinkReply reply(Result<json> result, const char* usage = "Failed") {
  if (result) return std::move(*result);
  return told(result.error().exit_code == exit_usage ? usage : "Failed", result.error());
}

VarlinkReply done(const Status& status, const char* usage = "Failed") {
  return reply(status ? Result<json>(json::object()) : tl::unexpected(status.error()), usage);
}

// A method that changes something.
VarlinkMethod for_root(VarlinkMethod method) {
  return [method = std::move(method)](const json& in, const Peer& peer) -> VarlinkReply {
    if (peer.uid == 0) return method(in, peer);
    return told("PermissionDenied", {"only root may change something", "run it as root"});
  };
}

// null counts as missing.
const json* member(const json& in, const char* key) {
  const auto found = in.find(key);
  return found == in.end() || found->is_null() ? nullptr : &*found;
}

VarlinkReply set_enforcement(Daemon& daemon, const json& in) {
  const json* given = member(in, "enforcement");
  const auto wanted = given && given->is_string()
                          ? from_word<Enforcement>(enforcement_words, given->get<std::string>())
                          : std::nullopt;
  if (!wanted) return invalid_parameter("enforcement");
  daemon.set_enforcement(*wanted);
  return json::object();
}

VarlinkReply reload(Daemon& daemon, const json& in) {
  std::optional<std::chrono::seconds> time;
  if (const json* given = member(in, "confirm_seconds")) {
    if (!given->is_number_integer() || *given < 1 || *given > max_confirm_seconds)
      return invalid_parameter("confirm_seconds");
    time = std::chrono::seconds(given->get<int>());
  }
  if (auto reloaded = daemon.reload(time); !reloaded) return done(reloaded, "InvalidConfiguration");
  const Config config = daemon.running();
  return json{{"configuration", daemon.configuration()},
              {"interfaces", config.interfaces},
              {"classes", config.classes.size()}};
}

VarlinkReply explain(const Daemon& daemon, const json& in) {
  constexpr std::array<const char*, 3> kinds = {"packet", "flow", "tuple"};
  int asked = 0;
  for (const char* key : kinds) {
    const json* given = member(in, key);
    if (given && given->is_object() != (std::string_view(key) == "tuple")) return invalid_parameter(key);
    if (given && !given->is_object() && !given->is_string()) return invalid_parameter(key);
    asked += given ? 1 : 0;
  }
  if (const json* interface = member(in, "interface"); interface && !interface->is_string())
    return invalid_parameter("interface");
  if (asked != 1)
    return told("InvalidQuestion", {"a question names one of: a tuple, a packet, a flow",
                                    "agentctl explain --proto udp --dport 5353"});
  return reply(daemon.explain(in), "InvalidQuestion");
}

VarlinkReply hold(Daemon& daemon, const json& in, const Peer& peer) {
  const json* state = member(in, "state");
  const auto known = state && state->is_string()
                         ? from_word<PowerState>(power_state_words, state->get<std::string>())
                         : std::nullopt;
  if (!known) return invalid_parameter("state");
  const json* seconds = member(in, "seconds");
  if (!seconds || !seconds->is_number_integer() || *seconds < 1 || *seconds > Holds::max_time.count())
    return invalid_parameter("seconds");
  const json* reason = member(in, "reason");
  if (!reason || !reason->is_string() || reason->get<std::string>().empty() ||
      reason->get<std::string>().size() > max_reason)
    return invalid_parameter("reason");
  const json* bound = member(in, "while_connected");
  if (bound && !bound->is_boolean()) return invalid_parameter("while_connected");
  auto held = daemon.hold(*known, std::chrono::seconds(seconds->get<std::int64_t>()),
                          reason->get<std::string>(), peer, bound && bound->get<bool>());
  return reply(held ? Result<json>(json{{"hold", *held}}) : held);
}

VarlinkReply release(Daemon& daemon, const json& in) {
  const json* id = member(in, "id");
  if (id && !id->is_string()) return invalid_parameter("id");
  return reply(daemon.release(id ? std::optional(id->get<std::string>()) : std::nullopt), "InvalidQuestion");
}

VarlinkReply plan(const Daemon& daemon, const json& in) {
  const auto chosen = [&in](const char* key, const auto& words, auto& out) {
    const json* given = member(in, key);
    using Enum = typename std::remove_reference_t<decltype(out)>::value_type;
    if (given && given->is_string()) out = from_word<Enum>(words, given->get<std::string>());
    return !given || out;
  };
  std::optional<PowerState> state;
  std::optional<TrafficMode> mode;
  if (!chosen("state", power_state_words, state)) return invalid_parameter("state");
  if (!chosen("mode", traffic_mode_words, mode)) return invalid_parameter("mode");
  return daemon.plan(state, mode);
}

}  // namespace

VarlinkInterface agent_methods(Daemon& daemon) {
  VarlinkInterface out{agent_interface_name, agent_interface_description, {}};
  out.streams = {"Watch"};
  out.closed = [&daemon](std::uint64_t connection) { daemon.connection_closed(connection); };
  const auto method = [&out](const char* name, std::function<VarlinkReply(const json&)> answer) {
    out.methods[name] = [answer = std::move(answer)](const json& in, const Peer&) { return answer(in); };
  };
  method("Status", [&daemon](const json&) { return reply(daemon.status()); });
  method("Config",
         [&daemon](const json&) -> VarlinkReply { return json{{"text", render_config(daemon.running())}}; });
  method("Explain", [&daemon](const json& in) { return explain(daemon, in); });
  method("ExplainState", [&daemon](const json&) { return reply(daemon.explain_state()); });
  method("WhyDropped", [&daemon](const json&) { return reply(daemon.why_dropped()); });
  method("ListHolds", [&daemon](const json&) -> VarlinkReply { return daemon.holds(); });
  method("Plan", [&daemon](const json& in) { return plan(daemon, in); });
  method("Watch", [&daemon](const json&) -> VarlinkReply { return daemon.watched(); });

  const auto change = [&out, &method](const char* name, std::function<VarlinkReply(const json&)> answer) {
    method(name, std::move(answer));
    out.methods[name] = for_root(std::move(out.methods[name]));
  };
  change("SetEnforcement", [&daemon](const json& in) { return set_enforcement(daemon, in); });
  change("Reload", [&daemon](const json& in) { return reload(daemon, in); });
  out.methods["Hold"] =
      for_root([&daemon](const json& in, const Peer& peer) { return hold(daemon, in, peer); });
  change("Release", [&daemon](const json& in) { return release(daemon, in); });
  change("Confirm", [&daemon](const json&) { return done(daemon.confirm()); });
  change("Restore", [&daemon](const json&) -> VarlinkReply {
    daemon.set_enforcement(Enforcement::observe);
    return json{{"knobs", knobs_json(daemon.knobs())}};
  });
  return out;
}

}  // namespace ebb

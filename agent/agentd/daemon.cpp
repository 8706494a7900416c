// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/daemon.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>

#include "agentd/lock.hpp"
#include "agentd/netlink.hpp"
#include "agentd/paths.hpp"
#include "agentd/plan.hpp"
#include "agentd/status.hpp"
#include "api/interface.hpp"
#include "api/varlink_client.hpp"
#include "base/log.hpp"
#include "base/notify.hpp"
#include "dataplane/pins.hpp"
#include "dataplane/programs.hpp"
#include "decide/mode.hpp"
#include "sense/cpufreq.hpp"

namespace ebb {
namespace {

constexpr int beats_to_live = 3;  // intervals without a beat after which the data plane is inert (DESIGN 3.7)

std::chrono::milliseconds monotonic() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

void report(const std::vector<KnobReport>& knobs) {
  for (const auto& knob : knobs)
    if (knob.status == "restored")
      spdlog::info("restored {} to '{}'", knob.id, knob.original);
    else if (knob.status != "applied")
      log_warning({knob.id + ": " + knob.status + (knob.reason.empty() ? "" : ": " + knob.reason), ""});
}

}  // namespace

Status Daemon::run() {
  quiet_libraries();
  signal(SIGPIPE, SIG_IGN);
  if (auto caught = catch_signals(); !caught) return caught;
  auto started = start();
  if (started) {
    notify_manager("READY=1");
    loop_->run();
    notify_manager("STOPPING=1");
  }
  stop();
  return started ? failed_ : started;
}

// From the first change on a signal must not end the process: it is read once the loop runs.
Status Daemon::catch_signals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&mask, signal);
  signals_.reset(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_ || sigprocmask(SIG_BLOCK, &mask, nullptr) != 0)
    return fail_errno("cannot wait for signals", errno);
  return {};
}

Status Daemon::start() {
  auto config = load_config(options_.config_path);
  if (!config) return tl::unexpected(config.error());
  config_ = std::move(*config);
  enforcement_ = config_.enforcement;
  since_ = std::chrono::system_clock::now();
  if (auto checked = check_pins(); !checked) return checked;
  auto lock = lock_agent();
  if (!lock) return tl::unexpected(lock.error());
  lock_ = std::move(*lock);

  auto journal = Journal::open(journal_path);
  if (!journal) return tl::unexpected(journal.error());
  auto maps = Maps::open(pin_folder());
  if (!maps) return tl::unexpected(maps.error());
  maps_ = std::move(*maps);
  auto beat = Beat::open(*maps_);
  if (!beat) return tl::unexpected(beat.error());
  beat_ = std::move(*beat);
  auto loop = Loop::open();
  if (!loop) return tl::unexpected(loop.error());
  loop_ = std::move(*loop);
  if (auto guarded = start_guardian(); !guarded) return guarded;

  journal = Journal::open(journal_path);  // again: a guardian may have restored until now
  if (!journal) return tl::unexpected(journal.error());
  journal_ = std::move(*journal);
  report(restore_all(*journal_));

  policy_.emplace(*maps_);
  interfaces_.emplace(*maps_);
  maps_->set_enforcement(enforcement_);
  if (auto published = policy_->publish(*maps_, config_, options_.root); !published) return published;
  interfaces_->configure(config_.interfaces);
  interfaces_->refresh();
  if (auto served = serve(); !served) return served;
  if (auto watched = watch(); !watched) return watched;
  tick();
  return {};
}

// The guardian keeps the mapping of the live structure: one store makes the data plane inert.
Status Daemon::start_guardian() {
  auto guardian = Guardian::start(restore_lock, [this] {
    maps_->set_inert();
    auto journal = Journal::open(journal_path);
    if (journal)
      report(restore_all(*journal));
    else
      log_error(journal.error());
    spdlog::warn("the agent died: the data plane is inert, the knobs are restored");
  });
  if (!guardian) return tl::unexpected(guardian.error());
  guardian_ = std::move(*guardian);
  return watch_guardian();
}

Status Daemon::watch_guardian() {
  return loop_->add(guardian_->pidfd(), EPOLLIN, [this](std::uint32_t) {
    log_warning({"the guardian died", "starting another one"});
    loop_->remove(guardian_->pidfd());
    guardian_->dismiss();
    guardian_.reset();
    if (auto again = start_guardian(); !again) {
      failed_ = again;  // without a guardian nothing may be changed
      loop_->stop();
    }
  });
}

Status Daemon::watch() {
  auto added = loop_->add(signals_.get(), EPOLLIN, [this](std::uint32_t) {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGHUP)
        reload();
      else
        loop_->stop();
    }
  });
  if (!added) return added;

  auto links = open_link_events();
  if (!links) return tl::unexpected(links.error());
  links_ = std::move(*links);
  added = loop_->add(links_.get(), EPOLLIN, [this](std::uint32_t) {
    drain_link_events(links_.get());
    look_at_links();
  });
  if (!added) return added;
  if (const auto period = watchdog_period()) {
    auto watchdog = loop_->every(*period, [] { notify_manager("WATCHDOG=1"); });
    if (!watchdog) return tl::unexpected(watchdog.error());
    watchdog_ = std::move(*watchdog);
  }
  return arm_timer();
}

Status Daemon::arm_timer() {
  if (timer_) loop_->remove(timer_.get());
  auto timer = loop_->every(config_.interval, [this] { tick(); });
  if (!timer) return tl::unexpected(timer.error());
  timer_ = std::move(*timer);
  return {};
}

void Daemon::stop() {
  if (!maps_) return;
  server_.reset();
  maps_->set_inert();
  if (journal_) report(restore_all(*journal_));
  if (interfaces_) interfaces_->release_all();
  remove_pins(pin_folder());
  if (guardian_) guardian_->dismiss();
}

void Daemon::tick() {
  sample_ = {};
  sense_cpufreq(options_.root, sample_);
  const auto before = memory_.state;
  const bool first = !memory_.decided;
  memory_ = decide_state(config_.states, memory_, sample_, monotonic());
  decide_traffic();
  if (first && !sample_.frequency)
    log_warning(
        {"the frequency is unknown: " + sample_.readings["frequency"].reason,
         "the state stays " + std::string(word(memory_.state)) + "; rules on frequency never apply here"});
  if (memory_.state != before) {
    since_ = std::chrono::system_clock::now();
    spdlog::info("state {} -> {} ({})", word(before), word(memory_.state), memory_.rule);
  }
  look_at_links();
  // Last: the data plane goes live with what was decided now, never with the state of an agent before.
  if (auto beaten = beat_->beat(config_.interval * beats_to_live); !beaten) log_error(beaten.error());
}

// The packets of urgent and bulk classes since the last sample.
void Daemon::decide_traffic() {
  auto counters = maps_->read_counters();
  if (!counters) return log_error(counters.error());
  Traffic traffic;
  for (std::size_t i = 0; i < policy_->slots().size(); ++i) {
    std::uint64_t packets = 0;
    const auto slot = policy_->slots()[i];
    for (std::size_t verdict = 0; verdict < EBB_VERDICTS; ++verdict)
      packets +=
          counters->classes[slot].verdict[verdict].packets - sampled_.classes[slot].verdict[verdict].packets;
    if (config_.classes[i].kind == ClassKind::urgent) traffic.urgent += packets;
    if (config_.classes[i].kind == ClassKind::bulk) traffic.bulk = std::max(traffic.bulk, packets);
  }
  sampled_ = *counters;
  mode_ = decide_mode(traffic, config_.interval);
}

void Daemon::look_at_links() {
  if (interfaces_->refresh())  // the efficient CPUs may be other ones now
    if (auto published = policy_->publish(*maps_, config_, options_.root); !published)
      log_error(published.error());
  act();
}

void Daemon::act() {
  const auto state = static_cast<std::size_t>(memory_.state);
  const bool steer = policy_->steers(memory_.state) && enforcement_ == Enforcement::enforce;
  knobs_ =
      apply_plan(*journal_, plan_knobs(interfaces_->all(), steer ? policy_->masks()[state].mask : CpuMask{}));
  bool rps = true;
  for (const auto& knob : knobs_) rps = rps && knob.status == "applied";
  interfaces_->set_steering(policy_->can_steer(), rps);
  maps_->set_state(memory_.state, mode_);
}

void Daemon::set_enforcement(Enforcement enforcement) {
  if (enforcement_ != enforcement) spdlog::info("enforcement: {}", word(enforcement));
  enforcement_ = enforcement;
  maps_->set_enforcement(enforcement);
  act();
}

// SIGHUP: the new configuration, or the old one.
void Daemon::reload() {
  auto config = load_config(options_.config_path);
  if (config && config->enforcement == Enforcement::observe)
    maps_->set_enforcement(Enforcement::observe);  // before
  auto published =
      config ? policy_->publish(*maps_, *config, options_.root) : Status(tl::unexpected(config.error()));
  if (!published) {
    maps_->set_enforcement(enforcement_);
    log_error(published.error());
    spdlog::info("HINT the old configuration stays in force");
    return;
  }
  config_ = std::move(*config);
  interfaces_->configure(config_.interfaces);
  if (auto armed = arm_timer(); !armed) log_error(armed.error());
  set_enforcement(config_.enforcement);
  tick();
  spdlog::info("configuration reloaded");
}

VarlinkReply Daemon::status() {
  auto counters = maps_->read_counters();
  if (!counters) return fail("io.ebb.Agent.Failed", counters.error().what);
  return status_json({.config = config_,
                      .enforcement = enforcement_,
                      .memory = memory_,
                      .since = since_,
                      .mode = mode_,
                      .interfaces = interfaces_->all(),
                      .cpus = policy_->masks()[static_cast<std::size_t>(memory_.state)],
                      .sample = sample_,
                      .slots = policy_->slots(),
                      .counters = *counters,
                      .knobs = knobs_,
                      .wakeups = loop_->wakeups()});
}

VarlinkInterface Daemon::interface() {
  const auto refused = fail("io.ebb.Agent.PermissionDenied", "only root may change something");
  VarlinkInterface out{agent_interface_name, agent_interface_description, {}};
  out.methods["Status"] = [this](const nlohmann::json&, const Peer&) -> VarlinkReply { return status(); };
  out.methods["SetEnforcement"] = [this, refused](const nlohmann::json& in,
                                                  const Peer& peer) -> VarlinkReply {
    if (peer.uid != 0) return refused;
    const auto given = in.value("enforcement", nlohmann::json());
    const auto wanted = given.is_string()
                            ? from_word<Enforcement>(enforcement_words, given.get<std::string>())
                            : std::optional<Enforcement>();
    if (!wanted) return fail("org.varlink.service.InvalidParameter", "enforcement");
    set_enforcement(*wanted);
    return nlohmann::json::object();
  };
  out.methods["Restore"] = [this, refused](const nlohmann::json&, const Peer& peer) -> VarlinkReply {
    if (peer.uid != 0) return refused;
    set_enforcement(Enforcement::observe);
    return nlohmann::json{{"knobs", knobs_json(knobs_)}};
  };
  return out;
}

Status Daemon::serve() {
  auto server = VarlinkServer::open(*loop_, default_socket, interface());
  if (!server) return tl::unexpected(server.error());
  server_ = std::move(*server);
  return {};
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/daemon.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <csignal>

#include "agentd/lock.hpp"
#include "agentd/methods.hpp"
#include "agentd/paths.hpp"
#include "api/varlink_client.hpp"
#include "base/log.hpp"
#include "base/memory.hpp"
#include "base/notify.hpp"
#include "dataplane/pins.hpp"
#include "dataplane/programs.hpp"
#include "sense/cpufreq.hpp"
#include "sense/replay.hpp"

namespace ebb {
namespace {

constexpr int beats_to_live = 3;  // intervals without a beat after which the data plane is inert (DESIGN 3.7)

void report(const std::vector<KnobReport>& knobs) {
  for (const auto& knob : knobs)
    if (knob.status == "restored")
      spdlog::info("restored {} to '{}'", knob.id, knob.original);
    else if (knob.status != "applied")
      log_warning({knob.id + ": " + knob.status + (knob.reason.empty() ? "" : ": " + knob.reason), ""});
}

// Moves the value of a Result to where it lives.
template <typename T, typename Where>
Status take(Result<T> made, Where& where) {
  if (!made) return tl::unexpected(made.error());
  where = std::move(*made);
  return {};
}

}  // namespace

Status Daemon::run() {
  quiet_libraries();
  signal(SIGPIPE, SIG_IGN);
  if (auto caught = catch_signals(); !caught) return caught;
  auto started = start();
  if (started) {
    give_back_memory();
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
  if (auto chosen = choose_configuration(); !chosen) return chosen;
  if (auto opened = open_sensors(); !opened) return opened;
  if (auto checked = check_pins(); !checked) return checked;
  if (auto locked = take(lock_agent(), lock_); !locked) return locked;
  if (auto opened = take(Loop::open(), loop_); !opened) return opened;
  if (auto plane = start_dataplane(); !plane) return plane;
  auto server = VarlinkServer::open(*loop_, default_socket, agent_methods(*this));
  if (auto served = take(std::move(server), server_); !served) return served;
  if (auto watched = watch(); !watched) return watched;
  tick();
  return {};
}

// The files, unless an earlier agent was given them on trial and nobody confirmed them.
Status Daemon::choose_configuration() {
  if (auto opened = take(Trial::open(confirmed_path), trial_); !opened) return opened;
  auto kept = trial_->left_over();
  if (!kept) return tl::unexpected(kept.error());
  if (*kept) {
    config_ = std::move(**kept);
    files_ = {confirmed_path};
    log_warning({"the configuration files were not confirmed: what was confirmed before them runs",
                 "to take the files: agentctl reload"});
  } else {
    if (auto loaded = take(load_config(options_.config_path), config_); !loaded) return loaded;
    files_ = config_files(options_.config_path);
  }
  enforcement_ = config_.enforcement;
  return {};
}

Status Daemon::open_sensors() {
  auto tree = open_tree(options_.root);
  if (!tree) return tl::unexpected(tree.error());
  if (is_record(options_.root)) clock_ = Clock(options_.speed);
  sensors_.emplace(std::move(*tree));
  return {};
}

Status Daemon::start_dataplane() {
  auto journal = Journal::open(journal_path);
  if (!journal) return tl::unexpected(journal.error());
  if (auto opened = take(Maps::open(pin_folder()), maps_); !opened) return opened;
  if (auto loaded = take(Beat::open(*maps_), beat_); !loaded) return loaded;
  if (auto guarded = start_guardian(); !guarded) return guarded;
  // Again: a guardian may have restored until now.
  if (auto opened = take(Journal::open(journal_path), journal_); !opened) return opened;
  report(restore_all(*journal_));

  forget_owners(*maps_);
  policy_.emplace(*loop_, *maps_);
  interfaces_.emplace(*maps_);
  maps_->set_enforcement(enforcement_);
  if (auto published = publish(); !published) return published;
  interfaces_->configure(config_.interfaces);
  interfaces_->refresh();
  return {};
}

// The guardian keeps the mapping of the live structure: one store makes the data plane inert.
Status Daemon::start_guardian() {
  auto guardian = Guardian::start(restore_lock, [this] {
    maps_->set_inert();
    ConcurrencyFile::remove();
    auto journal = Journal::open(journal_path);
    if (journal)
      report(restore_all(*journal));
    else
      log_error(journal.error());
    spdlog::warn("the agent died: the data plane is inert, the knobs are restored");
  });
  if (auto started = take(std::move(guardian), guardian_); !started) return started;
  return watch_guardian();
}

Status Daemon::watch_guardian() {
  return loop_->add(guardian_->pidfd(), EPOLLIN, [this](std::uint32_t) {
    log_warning({"the guardian died", "starting another one"});
    loop_->remove(guardian_->pidfd());
    guardian_->dismiss();
    guardian_.reset();
    if (auto again = start_guardian(); !again) give_up(again);  // without one nothing may be changed
  });
}

Status Daemon::watch() {
  auto added = loop_->add(signals_.get(), EPOLLIN, [this](std::uint32_t) {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo != SIGHUP) {
        loop_->stop();
      } else if (auto reloaded = reload(std::nullopt); !reloaded) {
        log_error(reloaded.error());
        spdlog::info("HINT the old configuration stays in force");
      }
    }
  });
  if (!added) return added;
  added = loop_->add(trial_->timer(), EPOLLIN, [this](std::uint32_t) {
    if (trial_->expired()) roll_back();
  });
  if (!added) return added;

  if (auto followed = follow_holds(); !followed) return followed;
  if (auto followed = follow_urgent(); !followed) return followed;
  auto surroundings = Surroundings::open(*loop_, [this](Change change) {
    if (change == Change::addresses) return interfaces_->refresh_addresses();
    sensors_->tree().forget("/sys/class/net");
    look_at_links();
  });
  if (auto opened = take(std::move(surroundings), surroundings_); !opened) return opened;
  follow_routes();
  follow_devices();
  follow_frequencies();
  if (const auto period = watchdog_period()) {
    auto watchdog = loop_->every(*period, [] { notify_manager("WATCHDOG=1"); });
    if (auto armed = take(std::move(watchdog), watchdog_); !armed) return armed;
  }
  return arm_timer();
}

void Daemon::follow_routes() {
  if (auto followed = surroundings_->follow_routes(interfaces_->follows_routes()); !followed)
    log_warning(followed.error());
}

// Milliseconds from the first urgent packet to the mode `interactive`, not an interval.
Status Daemon::follow_urgent() {
  if (auto opened = take(UrgentEvents::open(*maps_), urgent_); !opened) return opened;
  return loop_->add(urgent_->fd(), EPOLLIN, [this](std::uint32_t) {
    const auto slots = urgent_->take();
    if (decision_.urgent(config_, policy_->slots(), slots, clock_.now())) act();
  });
}

// A recorded tree has no events.
void Daemon::follow_devices() {
  if (!sensors_->tree().live()) return;
  if (auto events = take(Events::open(*loop_, sensors_->tree(), [this] { tick(); }), events_); !events)
    log_warning({events.error().what, "changes of devices are seen at the next interval"});
}

// Where there is cpufreq, and the kernel lets us; otherwise the frequency is that of the moment.
void Daemon::follow_frequencies() {
  if (!sensors_->tree().live() || sensors_->tree().list(cpufreq_folder).empty()) return;
  if (auto opened = take(Frequencies::open(), frequencies_); !opened)
    return log_warning(
        {opened.error().what, "the frequency is that of the moment, not the mean of the interval"});
  sensors_->follow([this](unsigned cpu) { return frequencies_->read(cpu); });
}

void Daemon::tell_end_of_record() {
  if (const auto failure = sensors_->tree().failure(); !failure) log_error(failure.error());
  spdlog::info("the record ends; its last values stay");
}

Status Daemon::arm_timer() {
  if (timer_) loop_->remove(timer_.get());
  const auto due = [this] {
    const bool playing = !sensors_->tree().over();
    clock_.step(config_.interval);
    tick();
    if (playing && sensors_->tree().over()) tell_end_of_record();
  };
  return take(loop_->every(clock_.real(config_.interval), due), timer_);
}

void Daemon::give_up(Status why) {
  failed_ = std::move(why);
  loop_->stop();
}

void Daemon::stop() {
  if (!maps_) return;
  server_.reset();
  maps_->set_inert();
  ConcurrencyFile::remove();
  if (journal_) report(restore_all(*journal_));
  if (interfaces_) interfaces_->release_all();
  remove_pins(pin_folder());
  if (guardian_) guardian_->dismiss();
}

void Daemon::tick() {
  decision_.renew(config_, *sensors_, clock_.now(), *maps_, *policy_);
  if (auto told = concurrency_.write(decision_.concurrency.workers); !told) log_error(told.error());
  policy_->tick();
  const bool links = interfaces_->refresh_settings();
  if (links || policy_->outdated())
    if (auto published = publish(); !published) log_error(published.error());
  act();
  // Last: the data plane goes live with what was decided now, never with the state of an agent before.
  if (auto beaten = beat(); !beaten) log_error(beaten.error());
}

Status Daemon::beat() { return beat_->beat(config_.interval * beats_to_live); }

void Daemon::look_at_links() {
  if (interfaces_->refresh())  // the efficient CPUs may be other ones now
    if (auto published = publish(); !published) log_error(published.error());
  act();
}

Status Daemon::publish() { return policy_->publish(config_, present(), options_.root); }

void Daemon::act() {
  const bool enforce = enforcement_ == Enforcement::enforce;
  knobs_ = apply_plan(*journal_, enforce ? settings(decision_.state(), decision_.mode()) : Settings{});
  bool rps = true;
  for (const auto& knob : knobs_) rps = rps && (knob.status == "applied" || !knob.id.ends_with("/rps_cpus"));
  interfaces_->set_steering(policy_->can_steer(), rps);
  maps_->set_state(decision_.state(), decision_.mode());
  auto limits = limits_in_force(knobs_);
  if (limits != decision_.limits) sensors_->begin_means();  // a mean across two limits belongs to neither
  decision_.limits = std::move(limits);
  announce();
}

void Daemon::set_enforcement(Enforcement enforcement) {
  if (enforcement_ != enforcement) spdlog::info("enforcement: {}", word(enforcement));
  enforcement_ = enforcement;
  maps_->set_enforcement(enforcement);
  act();
}

// The whole configuration, or none of it.
Status Daemon::apply(const Config& config) {
  if (config.enforcement == Enforcement::observe) maps_->set_enforcement(Enforcement::observe);  // before
  if (auto published = policy_->publish(config, present(), options_.root); !published) {
    maps_->set_enforcement(enforcement_);
    return published;
  }
  decision_.memory = carried_over(config_.states, config.states, decision_.memory);
  config_ = config;
  interfaces_->configure(config_.interfaces);
  look_at_links();
  follow_routes();
  if (auto armed = arm_timer(); !armed) log_error(armed.error());
  set_enforcement(config_.enforcement);
  tick();
  return {};
}

Status Daemon::reload(std::optional<std::chrono::seconds> confirm) {
  const auto files = config_files(options_.config_path);
  const auto config = load_config(options_.config_path);
  if (!config) return tl::unexpected(config.error());
  if (confirm)
    if (auto prepared = trial_->prepare(config_, enforcement_); !prepared) return prepared;
  if (auto applied = apply(*config); !applied) {
    if (confirm) trial_->cancel();
    return applied;
  }
  files_ = files;
  spdlog::info("configuration reloaded{}", confirm ? ", unconfirmed" : "");
  if (!confirm) return trial_->confirm();
  trial_->begin(*confirm);
  return {};
}

Status Daemon::confirm() {
  if (trial_->phase() == Trial::Phase::rolled_back)
    return fail("too late: the configuration was rolled back", "try it again: agentctl reload --confirm 60s");
  if (auto confirmed = trial_->confirm(); !confirmed) return confirmed;
  spdlog::info("configuration confirmed");
  return {};
}

void Daemon::roll_back() {
  log_warning({"the configuration was not confirmed: the one before it runs again",
               "correct the files, then: agentctl reload --confirm 60s"});
  if (auto applied = apply(trial_->roll_back()); !applied) return give_up(applied);  // the next start does
  files_ = {trial_->path()};
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
#include "agentd/holds.hpp"

#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include <nlohmann/json.hpp>

#include "agentd/decision.hpp"
#include "base/file.hpp"

namespace ebb {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr int version = 1;
constexpr std::size_t max_bytes = 1 << 20;

Result<std::string> boot_id() { return read_file("/proc/sys/kernel/random/boot_id"); }

json hold_json(const Hold& hold) {
  return {{"id", hold.id},
          {"state", word(hold.state)},
          {"reason", hold.reason},
          {"who", hold.who},
          {"until_ms", hold.until.count()}};
}

std::optional<Hold> parse_hold(const json& item) {
  const auto text = [&](const char* key) {
    const auto found = item.find(key);
    return found != item.end() && found->is_string() ? std::optional(found->get<std::string>())
                                                     : std::nullopt;
  };
  if (!item.is_object()) return std::nullopt;
  const auto id = text("id"), state = text("state"), reason = text("reason"), who = text("who");
  const auto until = item.find("until_ms");
  if (!id || !state || !reason || !who || until == item.end() || !until->is_number_unsigned())
    return std::nullopt;
  const auto known = from_word<PowerState>(power_state_words, *state);
  const auto end = until->get<std::uint64_t>();
  if (id->empty() || !known || end > std::uint64_t{1} << 53) return std::nullopt;
  return Hold{*id, *known, *reason, *who, milliseconds(end)};
}

// Nothing: not a whole file of holds. Those of another boot are no holds any more.
std::optional<std::vector<Hold>> parse_holds(const std::string& text, const std::string& boot) {
  const json top = json::parse(text, nullptr, false);
  if (!top.is_object() || top.value("version", json()) != version || !top.contains("boot_id") ||
      !top.contains("holds") || !top["boot_id"].is_string() || !top["holds"].is_array() ||
      top["holds"].size() > Holds::max_holds)
    return std::nullopt;
  std::vector<Hold> holds;
  std::set<std::string> ids;
  for (const auto& item : top["holds"]) {
    auto hold = parse_hold(item);
    if (!hold || !ids.insert(hold->id).second) return std::nullopt;
    holds.push_back(std::move(*hold));
  }
  return top["boot_id"] == boot ? holds : std::vector<Hold>{};
}

}  // namespace

Result<Holds> Holds::open(std::string path, std::optional<Error>& warning) {
  Holds holds;
  holds.path_ = std::move(path);
  holds.timer_.reset(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!holds.timer_) return fail_errno("cannot create a timer", errno);
  const auto text = read_file(holds.path_, max_bytes, O_NOFOLLOW | O_NONBLOCK);
  const auto boot = boot_id();
  if (!text && text.error().number == ENOENT) return holds;
  auto parsed = text && boot ? parse_holds(*text, *boot) : std::nullopt;
  if (!parsed) {
    warning = Error{
        text ? "the holds in " + holds.path_ + " cannot be read: they are forgotten" : text.error().what,
        "set them again: agentctl hold STATE --for TIME --reason TEXT"};
    return holds;
  }
  const auto now = boot_time();
  for (auto& hold : *parsed) {
    hold.until = std::min(hold.until, now + milliseconds(max_time));
    if (in_force(hold, now)) holds.holds_.push_back(std::move(hold));
  }
  if (auto saved = holds.save(); !saved) warning = saved.error();
  return holds;
}

Result<Hold> Holds::add(PowerState state, std::chrono::seconds time, std::string reason, std::string who,
                        std::optional<std::uint64_t> connection) {
  if (holds_.size() >= max_holds)
    return fail("there are " + std::to_string(max_holds) + " holds already",
                "agentctl holds, agentctl release");
  const Hold hold{free_id(), state, std::move(reason), std::move(who),
                  boot_time() + std::min<milliseconds>(time, max_time)};
  holds_.push_back(hold);
  if (connection) bonds_.push_back({hold.id, *connection});
  if (auto saved = save(); !saved) {
    remove_if([&](const Hold& one) { return one.id == hold.id; });
    return tl::unexpected(saved.error());
  }
  return hold;
}

Result<Hold> Holds::release(const std::string& id) {
  const auto gone = remove_if([&](const Hold& hold) { return hold.id == id; });
  if (gone.empty()) return fail("there is no hold '" + id + "'", "agentctl holds lists them", exit_usage);
  return gone.front();
}

std::vector<Hold> Holds::release_all() {
  return remove_if([](const Hold&) { return true; });
}

std::vector<Hold> Holds::release_expired(milliseconds now) {
  return remove_if([now](const Hold& hold) { return !in_force(hold, now); });
}

std::vector<Hold> Holds::release_connection(std::uint64_t connection) {
  return remove_if([&](const Hold& hold) {
    return std::ranges::any_of(
        bonds_, [&](const Bond& bond) { return bond.id == hold.id && bond.connection == connection; });
  });
}

bool Holds::bound(const Hold& hold) const {
  return std::ranges::any_of(bonds_, [&](const Bond& bond) { return bond.id == hold.id; });
}

void Holds::acknowledge() const {
  std::uint64_t times = 0;
  [[maybe_unused]] const auto got = read(timer_.get(), &times, sizeof times);
}

// A hold that could not be taken off the disk would come back with the next agent, until its end.
template <typename Condition>
std::vector<Hold> Holds::remove_if(Condition over) {
  std::vector<Hold> gone, kept;
  for (auto& hold : holds_) (over(hold) ? gone : kept).push_back(hold);
  if (gone.empty()) return gone;
  holds_ = std::move(kept);
  std::erase_if(bonds_, [&](const Bond& bond) {
    return std::ranges::any_of(gone, [&](const Hold& hold) { return hold.id == bond.id; });
  });
  if (!save()) unlink(path_.c_str());
  return gone;
}

Status Holds::save() {
  itimerspec next{};
  json list = json::array();
  std::optional<milliseconds> end;
  for (const auto& hold : holds_) {
    end = std::min(end.value_or(hold.until), hold.until);
    if (!bound(hold)) list.push_back(hold_json(hold));
  }
  if (end) {
    next.it_value = {.tv_sec = end->count() / 1000, .tv_nsec = end->count() % 1000 * 1'000'000};
    if (end->count() <= 0) next.it_value = {.tv_sec = 0, .tv_nsec = 1};  // 0 would disarm
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &next, nullptr);
  if (list.empty()) {
    if (unlink(path_.c_str()) != 0 && errno != ENOENT) return fail_errno("cannot remove " + path_, errno);
    return {};
  }
  const auto boot = boot_id();
  if (!boot) return tl::unexpected(boot.error());
  const json top = {{"version", version}, {"boot_id", *boot}, {"holds", std::move(list)}};
  return replace_file(path_, top.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

// "h1", "h2": the lowest number that is free, so that it is easy to type.
std::string Holds::free_id() const {
  for (unsigned number = 1;; ++number) {
    const std::string id = "h" + std::to_string(number);
    if (std::ranges::none_of(holds_, [&](const Hold& hold) { return hold.id == id; })) return id;
  }
}

}  // namespace ebb

// SPDX-License-Identifier: GPL-2.0-or-later
// prove-sensors: what the sensors say of recorded trees is what plain reads say (sensors.awk shares no code
// with Ebb); a spoilt file gives the true value of what it then says, or unknown with the reason, and leaves
// nothing behind; and a record makes the same transitions every time, in an agent at 100 times its speed too.
#include <sys/wait.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent.hpp"
#include "lab.hpp"

namespace {

namespace fs = std::filesystem;
using namespace ebb::test;
using nlohmann::json;

constexpr unsigned spoils_per_tree = 60;
constexpr int record_seconds = 900;
const std::string work = "/run/test/sensors", config = "/run/test/replay.toml";

struct Figures {
  unsigned trees = 0, values = 0, spoilt = 0, made_unknown = 0, wrong = 0, transitions = 0, runs = 0,
           differ = 0;
};

void complain(Figures& figures, const std::string& what) {
  if (++figures.wrong <= 10) std::printf("WRONG  %s\n", what.c_str());
}

// --- the oracle, and what Ebb says ---

std::map<std::string, std::string> oracle(const std::string& tree) {
  const std::string answer = run(
      "cd '" + tree + "' && find . -type f ! -name changes.jsonl -print0 | xargs -0 awk -f '" EBB_ORACLE "'");
  std::map<std::string, std::string> out;
  std::istringstream lines(answer);
  for (std::string name, value; lines >> name >> value;) out[name] = value;
  if (out.size() < 10) die("the oracle answered: " + answer);
  return out;
}

std::vector<json> samples(const std::string& record) {
  const auto answer = answer_to("'" + program("agentctl") + "' replay '" + record + "' --config " + config +
                                " --interval 1s --json --samples");
  std::vector<json> out;
  std::istringstream lines(answer.text);
  for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line, nullptr, false));
  if (answer.code != 0) {
    std::printf("WRONG  agentctl replay %s ended with %d: %s\n", record.c_str(), answer.code,
                answer.text.substr(0, 2000).c_str());
    std::exit(1);
  }
  return out;
}

// "": they agree.
std::string difference(const json& reading, const std::string& expected) {
  if (!reading.is_object()) return "there is no such reading";
  const json& value = reading["value"];
  if (value.is_null()) {
    if (reading["reason"].get<std::string>().empty()) return "unknown without a reason";
    return expected == "unknown"
               ? ""
               : "unknown (" + reading["reason"].get<std::string>() + "), but it is " + expected;
  }
  if (value.is_string()) return value == expected ? "" : value.dump() + ", but it is " + expected;
  const double number = value.get<double>();
  if (expected == "unknown") return value.dump() + ", but it cannot be known";
  return std::abs(number - std::stod(expected)) <= 1e-6 * std::max(1.0, std::abs(number))
             ? ""
             : value.dump() + ", but it is " + expected;
}

// --- trees, whole and spoilt ---

std::string spoilt(const std::string& text, std::mt19937& random) {
  static const char* const absurd[] = {"",
                                       "-1",
                                       "18446744073709551616",
                                       "9223372036854775808",
                                       "text",
                                       "-274000",
                                       "0",
                                       "1e9",
                                       "0x10",
                                       "  7",
                                       "7 7",
                                       "999999999999",
                                       "<unsupported>",
                                       "\n\n",
                                       "nan",
                                       "2147483647"};
  std::string out = text;
  switch (random() % 4) {
    case 0:
      return absurd[random() % std::size(absurd)];
    case 1:  // cut short in the middle of a read
      return out.substr(0, out.empty() ? 0 : random() % out.size());
    case 2:
      if (!out.empty()) out[random() % out.size()] = static_cast<char>('!' + random() % 90);
      return out;
    default:
      return out.insert(random() % (out.size() + 1), 1, static_cast<char>('!' + random() % 90));
  }
}

// A file that the oracle reads, too. An emptied list of CPUs says that they are offline, which it does not
// follow.
bool is_read(const std::string& path) {
  for (const char* part : {"scaling_cur_freq", "cpuinfo_max_freq", "/thermal_zone", "/power_supply/",
                           "lcrit_alarm", "/pressure/", "/proc/stat"})
    if (path.find(part) != std::string::npos) return true;
  return false;
}

// Whether that file may have made this reading unknown.
bool touches(const std::string& path, const std::string& reading) {
  static const std::pair<const char*, const char*> parts[] = {
      {"/cpufreq/", "frequency"},
      {"/thermal/", "temperature heat_margin"},
      {"/power_supply/", "mains battery battery_power"},
      {"_lcrit_alarm", "under_voltage"},
      {"/pressure/cpu", "cpu_pressure"},
      {"/pressure/memory", "memory_pressure"},
      {"/proc/stat", "run_queue"}};
  for (const auto& [part, readings] : parts)
    if (path.find(part) != std::string::npos) return std::string(readings).find(reading) != std::string::npos;
  return false;
}

struct Spoil {
  std::string path, text;
  bool gone;
};

// Every second second a file is spoilt, and the second after that it is well again.
void try_tree(const fs::path& source, std::mt19937& random, Figures& figures) {
  const std::string tree = work + "/tree", record = work + "/record";
  for (const auto& copy : {tree, record}) {
    fs::remove_all(copy);
    fs::copy(source, copy, fs::copy_options::recursive);
  }
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(tree))
    if (entry.is_regular_file() && is_read(entry.path()))
      files.push_back(entry.path().string().substr(tree.size()));
  std::sort(files.begin(), files.end());
  std::vector<Spoil> spoils;
  std::ofstream changes(record + "/changes.jsonl");
  for (unsigned i = 0; i < spoils_per_tree; ++i) {
    const std::string& path = files[random() % files.size()];
    const std::string text = read_text(tree + path);
    spoils.push_back({path, spoilt(text, random), random() % 8 == 0});
    const json bad = spoils.back().gone ? json(nullptr) : json(spoils.back().text);
    changes << json{{"at", 2000 * i + 1000}, {"path", path}, {"text", bad}}.dump() << '\n'
            << json{{"at", 2000 * i + 2000}, {"path", path}, {"text", text}}.dump() << '\n';
  }
  changes.close();

  const auto truth = oracle(tree);
  const auto seen = samples(record);
  if (seen.size() != 2 * spoils.size() + 1) die("the replay has " + std::to_string(seen.size()) + " samples");
  const std::string name = source.filename();
  const auto expect_truth = [&](const json& sample, const std::string& when) {
    for (const auto& [reading, value] : truth) {
      ++figures.values;
      if (const auto why = difference(sample["sensors"][reading], value); !why.empty())
        complain(figures, name + " " + when + ": " + reading + " is " + why);
    }
  };
  expect_truth(seen.front(), "whole");
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    const Spoil& spoil = spoils[i];
    const std::string text = read_text(tree + spoil.path) + "\n";
    spoil.gone ? (void)fs::remove(tree + spoil.path) : write_text(tree + spoil.path, spoil.text);
    const auto then = oracle(tree);
    for (const auto& [reading, value] : then) {
      const json& said = seen[2 * i + 1]["sensors"][reading];
      ++figures.spoilt;
      const bool unknown =
          said.is_object() && said["value"].is_null() && !said["reason"].get<std::string>().empty();
      const bool may = unknown && touches(spoil.path, reading);
      if (may && truth.at(reading) != "unknown") ++figures.made_unknown;
      if (const auto why = difference(said, value); !why.empty() && !may)
        complain(figures, name + " " + spoil.path + (spoil.gone ? " gone" : " = '" + spoil.text + "'") +
                              ": " + reading + " is " + why);
    }
    write_text(tree + spoil.path, text);
    expect_truth(seen[2 * i + 2], "after " + spoil.path);
  }
  ++figures.trees;
}

// --- the same transitions every time ---

struct Transition {
  long at;
  std::string state;
  bool operator==(const Transition&) const = default;
};
std::string text_of(const std::vector<Transition>& all) {
  std::string out;
  for (const auto& one : all) out += " " + std::to_string(one.at) + ":" + one.state;
  return out;
}

// A frequency that wanders, with absurd moments; and what the documentation says follows from it, once per
// second: the rule begins below 50 % and lasts until above 60 %, also while the dwell time holds its change
// back; no change within 15 s of the last, and none while the frequency is unknown.
std::vector<Transition> make_record(const fs::path& source, const std::string& record, std::mt19937& random) {
  fs::remove_all(record);
  fs::copy(source, record, fs::copy_options::recursive);
  const std::string path = "/sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq";
  std::ofstream changes(record + "/changes.jsonl");
  std::vector<Transition> out{{0, "balanced"}};
  long last = 0;
  bool lasts = false, saving = false;
  double percent = 100;
  write_text(record + path, "1200000\n");
  for (long second = 1; second < record_seconds; ++second) {
    std::string text;
    const bool absurd = random() % 10 == 0;
    if (!absurd) percent = std::min(100.0, std::max(10.0, percent + static_cast<double>(random() % 41) - 20));
    const long kilohertz = std::lround(percent * 12000);
    text = absurd ? (random() % 2 ? "" : "-5") : std::to_string(kilohertz);
    changes << json{{"at", second * 1000 - 500}, {"path", path}, {"text", text}}.dump() << '\n';
    const double now = static_cast<double>(kilohertz) / 12000;
    if (absurd) continue;
    lasts = lasts ? now <= 60 : now < 50;
    if (lasts == saving || second - last < 15) continue;
    saving = lasts;
    last = second;
    out.push_back({second * 1000, saving ? "power-saver" : "balanced"});
  }
  changes << json{{"at", record_seconds * 1000}}.dump() << '\n';
  return out;
}

std::vector<Transition> replayed(const std::string& record) {
  std::vector<Transition> out;
  for (const json& line : samples(record))
    if (out.empty() || out.back().state != line["state"].get<std::string>()) out.push_back({line["at"], line["state"]});
  return out;
}

// From the agent's log: "state balanced -> power-saver (power-saver.enter) at 35000 ms of the record".
std::vector<Transition> transitions_of_agent(const std::string& record, int speed) {
  std::vector<Transition> out{{0, "balanced"}};
  {
    const Agent agent(read_text(config), "--root " + record + " --speed " + std::to_string(speed));
    if (!wait_for(record_seconds * 1000 / speed * 3 + 10000,
                  [] { return Agent::log().find("the record ends") != std::string::npos; }))
      std::printf("WRONG  --speed %d: the replay does not end in three times its time and 10 s\n", speed);
  }
  std::istringstream log(Agent::log());
  for (std::string line; std::getline(log, line);) {
    const auto arrow = line.find(" -> "), at = line.find(") at ");
    if (line.find("state ") == std::string::npos || arrow == std::string::npos || at == std::string::npos)
      continue;
    out.push_back(
        {std::stol(line.substr(at + 5)), line.substr(arrow + 4, line.find(' ', arrow + 4) - arrow - 4)});
  }
  return out;
}

void try_record(const fs::path& source, std::mt19937& random, Figures& figures) {
  const std::string record = work + "/wandering";
  const auto expected = make_record(source, record, random);
  const auto compare = [&](const std::string& who, const std::vector<Transition>& seen) {
    ++figures.runs;
    if (seen == expected) return;
    ++figures.differ;
    std::printf("WRONG  %s:%s\n  expected:%s\n", who.c_str(), text_of(seen).c_str(),
                text_of(expected).c_str());
  };
  figures.transitions = static_cast<unsigned>(expected.size()) - 1;
  for (int i = 0; i < 2; ++i) compare("agentctl replay", replayed(record));
  for (const int speed : {100, 100, 30})
    compare("agentd --speed " + std::to_string(speed), transitions_of_agent(record, speed));
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const Lab lab;
  fs::create_directories(work);
  write_text(config,
             "[agent]\ninterfaces = [\"node0\"]\ninterval = \"1s\"\n[state.power-saver]\n"
             "enter = { frequency = \"< 50%\" }\nleave = { frequency = \"> 60%\" }\ndwell = \"15s\"\n");
  std::mt19937 random(5);
  Figures figures;
  std::vector<fs::path> trees;
  for (const auto& entry : fs::directory_iterator(EBB_TREES))
    if (entry.is_directory()) trees.push_back(entry.path());
  std::sort(trees.begin(), trees.end());
  for (const auto& tree : trees) try_tree(tree, random, figures);
  try_record(fs::path(EBB_TREES) / "raspi3b-bcm2837", random, figures);
  const bool judged = figures.trees >= 7 && figures.made_unknown >= 100 && figures.transitions >= 10;
  std::printf(
      "%u trees: %u values, %u of spoilt trees (%u became unknown): %u wrong; a record of %u transitions, %u "
      "runs: %u differ\n",
      figures.trees, figures.values, figures.spoilt, figures.made_unknown, figures.wrong, figures.transitions,
      figures.runs, figures.differ);
  if (!judged) return cannot_judge;
  return figures.wrong || figures.differ;
}

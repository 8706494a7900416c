// SPDX-License-Identifier: GPL-2.0-or-later
// Journal, knobs, apply and restore, masks and the guardian, on files of a temporary folder.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "act/apply.hpp"
#include "act/guardian.hpp"
#include "act/masks.hpp"
#include "base/file.hpp"

namespace fs = std::filesystem;
using namespace ebb;
using namespace std::chrono_literals;

namespace {

class Act : public testing::Test {
 protected:
  void SetUp() override { fs::create_directory(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::trunc) << text;
  }
  std::string get(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }
  Journal journal() const { return Journal::open(path("journal.json")).value(); }

  fs::path folder_ = fs::temp_directory_path() / ("ebb-act-" + std::to_string(getpid()));
};

using JournalTest = Act;
using Knobs = Act;
using Masks = Act;
using Guard = Act;

// The CRC of zlib and Ethernet, written from its definition.
std::uint32_t crc(const std::string& text) {
  std::uint32_t value = ~0u;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
  }
  return ~value;
}

TEST_F(JournalTest, KeepsEntriesInOrderAndLeavesNoFileWhenEmpty) {
  Journal first = journal();
  EXPECT_TRUE(first.entries().empty());
  ASSERT_TRUE(first.put({"file:/sys/a", "3", "0", "3", ""}));
  ASSERT_TRUE(first.put({"file:/sys/b", "4", "x \"y\"", "z", "z"}));
  ASSERT_TRUE(first.put({"file:/sys/a", "3", "0", "3", "03"}));
  struct stat info{};
  ASSERT_EQ(stat(path("journal.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);

  Journal second = journal();
  ASSERT_EQ(second.entries().size(), 2u);
  EXPECT_EQ(second.entries()[0].readback, "03");
  const JournalEntry* entry = second.find("file:/sys/b");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->identity, "4");
  EXPECT_EQ(entry->original, "x \"y\"");
  EXPECT_FALSE(second.find("file:/sys/c"));
  ASSERT_TRUE(second.remove("file:/sys/b"));
  EXPECT_EQ(journal().entries().size(), 1u);
  ASSERT_TRUE(second.remove("file:/sys/a"));
  EXPECT_FALSE(fs::exists(path("journal.json")));
  EXPECT_TRUE(second.remove("file:/sys/a"));
}

TEST_F(JournalTest, DamageIsAnErrorThatNamesTheFileAndIsNeverOverwritten) {
  ASSERT_TRUE(journal().put({"file:/sys/a", "3", "0", "3", "3"}));
  const std::string whole = get("journal.json");
  std::vector<std::string> damaged = {"", "{}", "null", "[]", "42", whole + whole, "\xff"};
  for (std::size_t size = 1; size + 1 < whole.size(); ++size) damaged.push_back(whole.substr(0, size));
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    damaged.push_back(whole);
    damaged.back()[i] = static_cast<char>(damaged.back()[i] ^ 1);
  }
  for (const auto& text : damaged) {
    put("journal.json", text);
    const auto opened = Journal::open(path("journal.json"));
    ASSERT_FALSE(opened) << text;
    ASSERT_NE(opened.error().what.find(path("journal.json")), std::string::npos) << opened.error().what;
    ASSERT_FALSE(opened.error().hint.empty());
    ASSERT_EQ(get("journal.json"), text);
  }
}

TEST_F(JournalTest, WrongTypesUnderARightChecksum) {
  const std::string boot = read_file("/proc/sys/kernel/random/boot_id").value();
  const auto write = [&](const nlohmann::json& knobs) {
    const nlohmann::json top = {
        {"version", 1}, {"boot_id", boot}, {"checksum", crc(boot + knobs.dump())}, {"knobs", knobs}};
    put("journal.json", top.dump());
    return Journal::open(path("journal.json"));
  };
  nlohmann::json good = {{"id", "a"}, {"identity", ""}, {"original", ""}, {"wanted", ""}, {"readback", ""}};
  ASSERT_TRUE(write(nlohmann::json::array({good}))) << "the oracle's checksum is ours";
  for (const auto* field : {"id", "identity", "original", "wanted", "readback"}) {
    for (const auto& value : {nlohmann::json(), nlohmann::json(1), nlohmann::json::array()}) {
      auto bad = good;
      bad[field] = value;
      EXPECT_FALSE(write(nlohmann::json::array({bad}))) << field;
    }
    auto bad = good;
    bad.erase(field);
    EXPECT_FALSE(write(nlohmann::json::array({bad}))) << field;
  }
  EXPECT_FALSE(write(good)) << "an object is not a list";
  EXPECT_FALSE(write(nlohmann::json::array({"text"})));
}

TEST_F(JournalTest, AnotherBootsJournalIsEmpty) {
  ASSERT_TRUE(journal().put({"file:/sys/a", "3", "0", "3", "3"}));
  auto top = nlohmann::json::parse(get("journal.json"));
  top["boot_id"] = "00000000-0000-0000-0000-000000000000";
  top["checksum"] = crc(top["boot_id"].get<std::string>() + top["knobs"].dump());
  put("journal.json", top.dump());
  Journal fresh = journal();
  EXPECT_TRUE(fresh.entries().empty());
  ASSERT_TRUE(fresh.put({"file:/sys/b", "", "1", "2", "2"}));
  EXPECT_EQ(journal().entries().size(), 1u);
}

TEST_F(JournalTest, SymbolicLinksAndFifosAreRefused) {
  put("victim", "precious");
  fs::create_symlink(path("victim"), path("journal.json.new"));
  ASSERT_TRUE(journal().put({"file:/sys/a", "3", "0", "3", "3"}));
  EXPECT_EQ(get("victim"), "precious");

  Journal open = journal();
  fs::rename(path("journal.json"), path("copy.json"));
  fs::create_symlink(path("copy.json"), path("journal.json"));
  EXPECT_FALSE(Journal::open(path("journal.json"))) << "even to a good journal";
  fs::remove(path("journal.json"));
  fs::create_symlink(path("victim"), path("journal.json"));
  ASSERT_TRUE(open.put({"file:/sys/b", "3", "0", "3", "3"}));
  EXPECT_EQ(get("victim"), "precious");
  EXPECT_FALSE(fs::is_symlink(path("journal.json")));

  fs::remove(path("journal.json"));
  ASSERT_EQ(mkfifo(path("journal.json").c_str(), 0600), 0);
  EXPECT_FALSE(Journal::open(path("journal.json")));
}

TEST_F(JournalTest, WhatIsNotOnDiskIsNotInMemory) {
  Journal own = journal();
  ASSERT_TRUE(own.put({"file:/sys/a", "3", "0", "3", "3"}));
  EXPECT_FALSE(own.put({"file:/sys/b", "3", "\xff\xfe", "3", ""})) << "not UTF-8";
  fs::rename(folder_, folder_.string() + "-moved");
  EXPECT_FALSE(own.put({"file:/sys/c", "3", "0", "3", "3"}));
  fs::rename(folder_.string() + "-moved", folder_);
  EXPECT_EQ(own.entries().size(), 1u);
  EXPECT_EQ(journal().entries().size(), 1u);
}

TEST(KnobId, OnlyTheKernelsSettings) {
  for (const std::string path : {"/sys/class/net/lo/queues/rx-0/rps_cpus", "/proc/sys/net/core/somaxconn",
                                 "/proc/irq/1/smp_affinity", "/sys/devices/a..b/c"}) {
    const auto knob = knob_from_id("file:" + path);
    ASSERT_TRUE(knob) << path;
    EXPECT_EQ((*knob)->id(), "file:" + path);
  }
  for (const std::string id :
       {"", "file:", "/sys/a", "file:/etc/passwd", "file:/sys", "file:/system/a", "file:sys/a",
        "file:/proc/1/mem", "file:/proc/sysrq-trigger", "file:/sys/../etc/passwd", "file:/sys/a/..",
        "file:/proc/sys/../1/mem", "file://etc/passwd", "file:/tmp/sys/a", "netlink:/sys/a", "FILE:/sys/a"})
    EXPECT_FALSE(knob_from_id(id)) << id;
  EXPECT_FALSE(knob_from_id(std::string("file:/sys/a\0b", 13)));
}

TEST_F(Knobs, Identity) {
  EXPECT_EQ(file_knob("/sys/class/net/lo/mtu")->identity(), read_file("/sys/class/net/lo/ifindex").value());
  EXPECT_EQ(file_knob("/sys/class/net/no-such/mtu")->identity(), "");
  EXPECT_EQ(file_knob("/proc/sys/net/core/somaxconn")->identity(), "");
  put("a", "1");
  put("b", "1");
  EXPECT_NE(file_knob(path("a"))->identity(), file_knob(path("b"))->identity());
  EXPECT_EQ(file_knob(path("a"))->identity(), file_knob(path("a"))->identity());
}

TEST_F(Knobs, AFileIsWrittenWhole) {
  put("a", "longer\n");
  const auto knob = file_knob(path("a"));
  EXPECT_EQ(knob->read().value(), "longer");
  ASSERT_TRUE(knob->write("1"));
  EXPECT_EQ(knob->read().value(), "1");
  ASSERT_TRUE(knob->unset());
  EXPECT_EQ(knob->read().value(), "");
  EXPECT_EQ(file_knob(path("none"))->write("1").error().number, ENOENT);
  EXPECT_FALSE(fs::exists(path("none")));
}

// A setting of a kernel that refuses, ignores and spells as it likes.
struct Fake {
  std::string value, identity = "7";
  int read_error = 0, write_error = 0;
  bool ignores = false;
  int writes = 0;
  std::function<std::string(const std::string&)> spell = [](const std::string& text) { return text; };
  std::function<void()> before_write = [] {};
};

class FakeKnob : public Knob {
 public:
  FakeKnob(std::string id, Fake& fake) : id_(std::move(id)), fake_(fake) {}
  std::string id() const override { return id_; }
  std::string identity() const override { return fake_.identity; }
  Result<std::string> read() const override {
    if (fake_.read_error) return fail_errno("cannot read " + id_, fake_.read_error);
    return fake_.value;
  }
  Status write(const std::string& text) const override {
    fake_.before_write();
    ++fake_.writes;
    if (fake_.write_error) return fail_errno("cannot write " + id_, fake_.write_error);
    if (!fake_.ignores) fake_.value = fake_.spell(text);
    return {};
  }
  Status unset() const override { return write(""); }

 private:
  std::string id_;
  Fake& fake_;
};

class Apply : public Act {
 protected:
  Fake& fake(const std::string& id, const std::string& value) {
    fakes_[id].value = value;
    return fakes_[id];
  }
  KnobMaker maker() {
    return [this](const std::string& id) -> Result<std::unique_ptr<Knob>> {
      const auto found = fakes_.find(id);
      if (found == fakes_.end()) return fail("no knob " + id);
      return std::make_unique<FakeKnob>(id, found->second);
    };
  }
  KnobReport apply(const std::string& id, const std::string& value) {
    Journal own = journal();
    return apply_plan(own, {{id, value}}, maker()).back();
  }
  std::vector<KnobReport> restore() {
    Journal own = journal();
    return restore_all(own, maker());
  }

  std::map<std::string, Fake> fakes_;
};

TEST_F(Apply, WritesWhatDiffersAndRestoresIt) {
  Fake& a = fake("a", "0");
  Fake& b = fake("b", "3");
  Journal own = journal();
  const auto reports = apply_plan(own, {{"a", "3"}, {"b", "3"}}, maker());
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].status, "applied");
  EXPECT_EQ(reports[0].original, "0");
  EXPECT_EQ(reports[0].wanted, "3");
  EXPECT_EQ(reports[0].current, "3");
  EXPECT_EQ(reports[1].status, "applied");
  EXPECT_EQ(a.value, "3");
  EXPECT_EQ(b.writes, 0) << "it was so already";
  ASSERT_EQ(journal().entries().size(), 1u);
  EXPECT_EQ(journal().entries()[0].original, "0");
  EXPECT_EQ(journal().entries()[0].readback, "3");

  apply_plan(own, {{"a", "3"}, {"b", "3"}}, maker());
  EXPECT_EQ(a.writes, 1);
  const auto restored = restore();
  ASSERT_EQ(restored.size(), 1u);
  EXPECT_EQ(restored[0].status, "restored");
  EXPECT_EQ(restored[0].current, "0");
  EXPECT_EQ(a.value, "0");
  EXPECT_FALSE(fs::exists(path("journal.json")));
  EXPECT_TRUE(restore().empty()) << "twice is once";
}

TEST_F(Apply, TheOriginalIsOnDiskBeforeEachWriteAndStaysTheFirst) {
  Fake& a = fake("a", "0");
  std::vector<JournalEntry> seen;
  a.before_write = [&] { seen.push_back(*journal().find("a")); };
  apply("a", "1");
  apply("a", "2");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].original, "0");
  EXPECT_EQ(seen[0].wanted, "1");
  EXPECT_EQ(seen[0].readback, "");
  EXPECT_EQ(seen[1].original, "0");
  EXPECT_EQ(seen[1].wanted, "2");
  EXPECT_EQ(seen[1].readback, "") << "a kill here must restore, whichever value is in force";
  EXPECT_EQ(journal().find("a")->readback, "2");
  a.before_write = [] {};
  restore();
  EXPECT_EQ(a.value, "0");
}

TEST_F(Apply, NothingIsWrittenThatCannotBeJournalled) {
  Fake& a = fake("a", "\xff");
  EXPECT_EQ(apply("a", "1").status, "failed");
  EXPECT_EQ(a.writes, 0);
}

TEST_F(Apply, AKnobThatThePlanNoLongerNamesIsRestored) {
  Fake& a = fake("a", "0");
  fake("b", "0");
  apply("a", "1");
  Journal own = journal();
  const auto reports = apply_plan(own, {{"b", "1"}}, maker());
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].id, "a");
  EXPECT_EQ(reports[0].status, "restored");
  EXPECT_EQ(a.value, "0");
  EXPECT_EQ(own.entries().size(), 1u);
}

TEST_F(Apply, RefusalsAreClassifiedAndLeaveNoEntry) {
  const std::pair<int, const char*> refusals[] = {
      {EBUSY, "busy"},          {EPERM, "not-permitted"},  {EACCES, "not-permitted"},
      {EROFS, "not-permitted"}, {EINVAL, "not-supported"}, {EOPNOTSUPP, "not-supported"},
      {ENOENT, "gone"},         {ENODEV, "gone"},          {EIO, "failed"}};
  for (const auto& [number, status] : refusals) {
    Fake& a = fake("a", "0");
    fake("b", "0");
    a.write_error = number;
    Journal own = journal();
    const auto reports = apply_plan(own, {{"a", "1"}, {"b", "1"}}, maker());
    EXPECT_EQ(reports[0].status, status);
    EXPECT_FALSE(reports[0].reason.empty());
    EXPECT_EQ(reports[1].status, "applied") << "one failing knob does not stop the others";
    EXPECT_FALSE(journal().find("a"));
    a.write_error = 0;
    a.read_error = number;
    EXPECT_EQ(apply("a", "1").status, status);
    a.read_error = 0;
    restore();
  }
}

TEST_F(Apply, ARefusedChangeKeepsTheOldValueOurs) {
  Fake& a = fake("a", "0");
  apply("a", "1");
  a.write_error = EBUSY;
  EXPECT_EQ(apply("a", "2").status, "busy");
  EXPECT_EQ(journal().find("a")->readback, "1");
  a.write_error = 0;
  restore();
  EXPECT_EQ(a.value, "0");
}

TEST_F(Apply, AnIgnoredWriteFailed) {
  Fake& a = fake("a", "0");
  a.ignores = true;
  const auto report = apply("a", "1");
  EXPECT_EQ(report.status, "failed");
  EXPECT_EQ(report.current, "0");
  EXPECT_FALSE(fs::exists(path("journal.json")));
}

TEST_F(Apply, TheReadBackCountsNotTheTextWritten) {
  Fake& a = fake("a", "00000000,00000000");
  a.spell = [](const std::string& text) { return text == "3" ? "00000000,00000003" : text; };
  EXPECT_EQ(apply("a", "0").status, "applied");
  EXPECT_EQ(a.writes, 0) << "zero in another spelling";
  EXPECT_EQ(apply("a", "3").status, "applied");
  EXPECT_EQ(apply("a", "3").status, "applied");
  EXPECT_EQ(a.writes, 1);
  EXPECT_EQ(restore().at(0).status, "restored");
  EXPECT_EQ(a.value, "00000000,00000000");

  Fake& list = fake("list", "0,1");  // CPUs, not a mask: its comma separates
  apply("list", "1");
  EXPECT_EQ(list.writes, 1);
  Fake& clipped = fake("clipped", "10");
  clipped.spell = [](const std::string& text) { return text == "99" ? "50" : text; };
  EXPECT_EQ(apply("clipped", "99").current, "50");
  EXPECT_EQ(apply("clipped", "99").status, "applied");
  EXPECT_EQ(clipped.writes, 1) << "the kernel clips it each time";
  restore();
  EXPECT_EQ(clipped.value, "10");
}

TEST_F(Apply, UnsetIsRestoredAsUnset) {
  put("cpuset", "\n");
  const KnobMaker files = [](const std::string& id) { return file_knob(id.substr(5)); };
  Journal own = journal();
  apply_plan(own, {{"file:" + path("cpuset"), "0-1"}}, files);
  EXPECT_EQ(get("cpuset"), "0-1");
  EXPECT_EQ(restore_all(own, files).at(0).status, "restored");
  EXPECT_EQ(get("cpuset"), "\n");
}

TEST_F(Apply, AForeignValueIsKept) {
  Fake& a = fake("a", "0");
  apply("a", "1");
  a.value = "5";
  EXPECT_EQ(apply("a", "1").status, "foreign");
  EXPECT_EQ(apply("a", "2").status, "foreign");
  EXPECT_EQ(a.value, "5");
  const auto reports = restore();
  EXPECT_EQ(reports.at(0).status, "foreign");
  EXPECT_EQ(reports.at(0).current, "5");
  EXPECT_EQ(a.value, "5");
  EXPECT_FALSE(fs::exists(path("journal.json")));
}

TEST_F(Apply, AResetToTheOriginalIsWrittenAgain) {
  Fake& a = fake("a", "0");
  apply("a", "1");
  a.value = "0";  // as the kernel does when queues are made anew
  EXPECT_EQ(apply("a", "1").status, "applied");
  EXPECT_EQ(a.value, "1");
}

TEST_F(Apply, AnotherDeviceIsNotTouchedByRestore) {
  Fake& a = fake("a", "0");
  apply("a", "1");
  a.identity = "8";
  const auto reports = restore();
  EXPECT_EQ(reports.at(0).status, "gone");
  EXPECT_EQ(a.value, "1");
  EXPECT_FALSE(fs::exists(path("journal.json")));
}

TEST_F(Apply, AnotherDeviceHasAnOriginalOfItsOwn) {
  Fake& a = fake("a", "0");
  apply("a", "1");
  a.identity = "8";
  a.value = "f";
  EXPECT_EQ(apply("a", "1").original, "f");
  restore();
  EXPECT_EQ(a.value, "f");
}

TEST_F(Apply, WhatCannotBeRestoredStaysInTheJournal) {
  Fake& a = fake("a", "0");
  Fake& b = fake("b", "0");
  apply_plan(*std::make_unique<Journal>(journal()), {{"a", "1"}, {"b", "1"}}, maker());
  a.write_error = EBUSY;
  const auto reports = restore();
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].id, "b") << "the last write first";
  EXPECT_EQ(reports[1].status, "busy");
  EXPECT_EQ(b.value, "0");
  ASSERT_EQ(journal().entries().size(), 1u);
  a.write_error = 0;
  a.ignores = true;
  EXPECT_EQ(restore().at(0).status, "failed");
  a.ignores = false;
  a.spell = [](const std::string&) { return "9"; };
  EXPECT_EQ(restore().at(0).status, "failed");
  a.spell = [](const std::string& text) { return text; };
  EXPECT_EQ(restore().at(0).status, "restored") << "the 9 was ours";
  EXPECT_EQ(a.value, "0");
  fakes_.erase("b");
  fake("a", "0");
  apply("a", "1");
  fakes_["a"].read_error = ENODEV;
  EXPECT_EQ(restore().at(0).status, "gone");
  EXPECT_FALSE(fs::exists(path("journal.json")));
}

TEST_F(Apply, ATamperedJournalWritesNothing) {
  put("victim", "precious");
  Journal own = journal();
  ASSERT_TRUE(own.put(
      {"file:" + path("victim"), file_knob(path("victim"))->identity(), "evil", "precious", "precious"}));
  EXPECT_EQ(restore_all(own).at(0).status, "failed");
  EXPECT_EQ(get("victim"), "precious");
}

// A real process dies before the write, between write and confirmation, and afterwards; the next start
// restores.
TEST_F(Apply, KilledAroundTheWrite) {
  struct Case {
    std::string moment, value, readback;
  };
  for (const auto& [moment, value, readback] :
       {Case{"before", "f", ""}, {"after", "3", ""}, {"confirmed", "3", "3"}}) {
    put("knob", "f");
    const std::string id = "file:" + path("knob");
    const KnobMaker files = [](const std::string& name) { return file_knob(name.substr(5)); };
    const pid_t agent = fork();
    if (agent == 0) {
      Fake& knob = fake(id, "f");
      knob.identity = file_knob(path("knob"))->identity();
      knob.before_write = [&] {
        if (moment == "after") put("knob", "3");
        raise(SIGKILL);
      };
      Journal own = journal();
      apply_plan(own, {{id, "3"}}, moment == "confirmed" ? files : maker());
      raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(agent, &status, 0), agent);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(get("knob"), value) << moment;
    Journal own = journal();
    ASSERT_EQ(own.entries().size(), 1u);
    EXPECT_EQ(own.entries()[0].readback, readback) << moment;
    EXPECT_EQ(restore_all(own, files).at(0).status, "restored");
    EXPECT_EQ(get("knob"), "f") << moment;
    EXPECT_FALSE(fs::exists(path("journal.json")));
  }
}

CpuMask cpus(const std::string& list) { return CpuMask::from_list(list).value(); }

TEST_F(Masks, Named) {
  put("sys/devices/system/cpu/online", "0-3\n");
  const auto choose = [&](CpuChoice choice) { return choose_cpus(choice, path(""), {"eth0"}, path("")); };
  EXPECT_TRUE(choose({}).mask.empty());
  EXPECT_EQ(choose({false, cpus("1-2")}).mask, cpus("1-2"));
  const MaskChoice part = choose({false, cpus("2-5")});
  EXPECT_EQ(part.mask, cpus("2-3"));
  EXPECT_NE(part.why.find("4-5"), std::string::npos) << part.why;
  const MaskChoice none = choose({false, cpus("8")});
  EXPECT_TRUE(none.mask.empty());
  EXPECT_NE(none.why.find("8"), std::string::npos) << none.why;
  fs::remove(path("sys/devices/system/cpu/online"));
  EXPECT_TRUE(choose({false, cpus("1-2")}).mask.empty());
}

TEST_F(Masks, EfficientByCapacityThenByMaximumFrequency) {
  put("sys/devices/system/cpu/online", "0-3\n");
  const auto choose = [&] { return choose_cpus({true, {}}, path(""), {}, path("")); };
  for (const unsigned cpu : {0u, 1u, 2u, 3u})
    put("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cpu_capacity", cpu < 2 ? "1024\n" : "446\n");
  put("sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "1800000\n");
  put("sys/devices/system/cpu/cpufreq/policy0/affected_cpus", "0 3\n");
  put("sys/devices/system/cpu/cpufreq/policy1/cpuinfo_max_freq", "2400000\n");
  put("sys/devices/system/cpu/cpufreq/policy1/affected_cpus", "1 2\n");
  EXPECT_EQ(choose().mask, cpus("2-3"));
  put("sys/devices/system/cpu/online", "1-2\n");
  EXPECT_EQ(choose().mask, cpus("2")) << "of the CPUs that are online";
  put("sys/devices/system/cpu/online", "0-3\n");
  put("sys/devices/system/cpu/cpu3/cpu_capacity", "much\n");
  EXPECT_EQ(choose().mask, cpus("0,3")) << "capacity not known of all CPUs: the frequency decides";
  put("sys/devices/system/cpu/cpufreq/policy1/cpuinfo_max_freq", "1800000\n");
  const MaskChoice alike = choose();
  EXPECT_TRUE(alike.mask.empty());
  EXPECT_NE(alike.why.find("nothing is moved"), std::string::npos) << alike.why;
}

TEST_F(Masks, EfficientByInterrupts) {
  put("sys/devices/system/cpu/online", "0-3\n");
  put("proc/interrupts",
      "           CPU0       CPU1\n"
      " 40:        843          1 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0\n"
      " 41:          0          9 PCI-MSIX-0000:00:04.0   1-edge      virtio20-input.0\n"
      " 42:          7          0 GIC-0  33 Level     usb1, eth0\n"
      " 43:          7          0 GIC-0  34 Level     eth01\n"
      " 44:          7          0 GIC-0  35 Level     wlan0-rx\n");
  const std::pair<const char*, const char*> affinities[] = {
      {"40", "1"}, {"41", "3"}, {"42", "2"}, {"43", "3"}};
  for (const auto& [number, list] : affinities)
    put(std::string("proc/irq/") + number + "/effective_affinity_list", std::string(list) + "\n");
  put("proc/irq/44/effective_affinity_list", "\n");
  put("proc/irq/44/smp_affinity_list", "0-7\n");
  put("proc/irq/50/effective_affinity_list", "3\n");
  put("sys/class/net/ens3/x", "");
  fs::create_symlink("../../../virtio2", path("sys/class/net/ens3/device"));
  put("sys/class/net/enp1/device/msi_irqs/50", "msix");
  const auto mask = [&](const std::vector<std::string>& names) {
    return choose_cpus({true, {}}, path("none"), names, path("")).mask.list();
  };
  EXPECT_EQ(mask({"eth0"}), "2") << "and not those of eth01";
  EXPECT_EQ(mask({"ens3"}), "1") << "by its device, and not those of virtio20";
  EXPECT_EQ(mask({"enp1"}), "3") << "by its MSIs";
  EXPECT_EQ(mask({"wlan0"}), "0-3") << "without an effective affinity: where it may arrive, online";
  EXPECT_EQ(mask({"eth0", "ens3", "veth0"}), "1-2");
  EXPECT_EQ(mask({"veth0"}), "");
}

using Clock = std::chrono::steady_clock;

template <typename Condition>
bool wait_for(Condition condition, std::chrono::milliseconds limit = 5s) {
  for (const auto end = Clock::now() + limit; Clock::now() < end; std::this_thread::sleep_for(1ms))
    if (condition()) return true;
  return condition();
}

// Death, by the guardian's own process: pid 1 reaps it.
bool alive(pid_t pid) {
  const auto status = read_file("/proc/" + std::to_string(pid) + "/stat");
  return status && status->find(") Z ") == std::string::npos;
}

TEST_F(Guard, RestoresWithin100MillisecondsOfKillMinusNine) {
  const KnobMaker files = [](const std::string& id) { return file_knob(id.substr(5)); };
  std::vector<double> took;
  for (int round = 0; round < 5; ++round) {
    put("knob", "f");
    int tell[2];
    ASSERT_EQ(pipe2(tell, O_CLOEXEC), 0);
    const pid_t agent = fork();
    if (agent == 0) {
      auto guardian = Guardian::start(path("lock"), [&] {
        Journal own = journal();
        restore_all(own, files);
      });
      if (!guardian) _exit(1);
      Journal own = journal();
      apply_plan(own, {{"file:" + path("knob"), "3"}}, files);
      const pid_t pid = guardian->pid();
      if (write(tell[1], &pid, sizeof pid) != sizeof pid) _exit(1);
      for (;;) pause();
    }
    pid_t guardian = 0;
    ASSERT_EQ(read(tell[0], &guardian, sizeof guardian), static_cast<ssize_t>(sizeof guardian));
    close(tell[0]);
    close(tell[1]);
    EXPECT_EQ(get("knob"), "3");
    EXPECT_EQ(read_file("/proc/" + std::to_string(guardian) + "/comm").value(), "ebb-guardian");
    EXPECT_EQ(getsid(guardian), guardian);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) kill(guardian, number);
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(alive(guardian));
    EXPECT_EQ(get("knob"), "3");

    const auto start = Clock::now();
    kill(agent, SIGKILL);
    EXPECT_TRUE(wait_for([&] { return get("knob") == "f"; }));
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
    EXPECT_TRUE(wait_for([&] { return !alive(guardian); }));
    EXPECT_FALSE(fs::exists(path("journal.json")));
  }
  std::sort(took.begin(), took.end());
  RecordProperty("median_ms", std::to_string(took[2]));
  std::printf("restored after %.1f to %.1f ms, median %.1f\n", took.front(), took.back(), took[2]);
  EXPECT_LT(took[2], 100);
}

TEST_F(Guard, DismissedItLeavesWithoutARescue) {
  auto guardian = Guardian::start(path("lock"), [&] { put("rescued", ""); });
  ASSERT_TRUE(guardian);
  const pid_t pid = guardian->pid();
  EXPECT_TRUE(alive(pid));
  guardian->dismiss();
  EXPECT_FALSE(alive(pid));
  EXPECT_FALSE(fs::exists(path("rescued")));
  guardian->dismiss();
}

TEST_F(Guard, ItsDeathIsSeenAndAnotherOneStarts) {
  auto guardian = Guardian::start(path("lock"), [] {});
  ASSERT_TRUE(guardian);
  pollfd event{guardian->pidfd(), POLLIN, 0};
  EXPECT_EQ(poll(&event, 1, 0), 0);
  kill(guardian->pid(), SIGKILL);
  EXPECT_EQ(poll(&event, 1, 5000), 1);
  guardian->dismiss();
  auto another = Guardian::start(path("lock"), [] {});
  ASSERT_TRUE(another);
  another->dismiss();
}

TEST_F(Guard, ANewAgentWaitsForTheRescueOfTheOld) {
  auto old = Guardian::start(path("lock"), [&] {
    std::this_thread::sleep_for(300ms);
    put("rescued", "");
  });
  ASSERT_TRUE(old);
  const pid_t pid = old->pid();
  *old = Guardian();  // what the death of the agent does: its end closes
  auto next = Guardian::start(path("lock"), [] {});
  EXPECT_TRUE(fs::exists(path("rescued")));
  ASSERT_TRUE(next);
  next->dismiss();
  waitpid(pid, nullptr, 0);
}

TEST_F(Guard, AnExceptionDoesNotKeepTheLock) {
  auto guardian = Guardian::start(path("lock"), [] { throw std::runtime_error("no"); });
  ASSERT_TRUE(guardian);
  const pid_t pid = guardian->pid();
  *guardian = Guardian();
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST_F(Guard, TheLockIsAPlainFile) {
  put("victim", "precious");
  fs::create_symlink(path("victim"), path("lock"));
  const auto guardian = Guardian::start(path("lock"), [] {});
  ASSERT_FALSE(guardian);
  EXPECT_NE(guardian.error().what.find(path("lock")), std::string::npos);
  EXPECT_FALSE(guardian.error().hint.empty());
}

TEST_F(Guard, ALockThatIsNeverFreeIsAnError) {
  const Fd held(open(path("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(flock(held.get(), LOCK_EX), 0);
  const auto start = Clock::now();
  const auto guardian = Guardian::start(path("lock"), [] {});
  ASSERT_FALSE(guardian);
  EXPECT_FALSE(guardian.error().hint.empty());
  EXPECT_GE(Clock::now() - start, 10s);
  EXPECT_LT(Clock::now() - start, 12s);
}

}  // namespace

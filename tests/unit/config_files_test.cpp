// SPDX-License-Identifier: GPL-2.0-or-later
// Files: the main one, conf.d, and those that are shipped.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config_support.hpp"

namespace ebb::test {
namespace {

class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ebb-config-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Error error_of(const std::string& path) {
    const auto config = load_config(path);
    EXPECT_FALSE(config);
    return config ? Error{} : config.error();
  }
  std::string folder_;
};

TEST_F(ConfigFile, IsReadAndNamedInErrors) {
  const std::string path = folder_ + "/a.toml";
  std::ofstream(path) << agent;
  EXPECT_TRUE(load_config(path));
  std::ofstream(path) << "[agent]\nx = 1\n";
  EXPECT_EQ(error_of(path).what, path + ":2:1: unknown key \"x\"");
}

// conf.d beside the file.
class ConfigFolder : public ConfigFile {
 protected:
  void SetUp() override {
    ConfigFile::SetUp();
    main_ = folder_ + "/agent.toml";
    later_ = folder_ + "/conf.d/";
    ASSERT_TRUE(std::filesystem::create_directory(later_));
    write("", "");
  }
  // What the main file says beside [agent] interfaces, and a file of conf.d.
  void write(const std::string& text, const std::string& later, const std::string& name = "10-a.toml") {
    std::ofstream(main_) << agent << text;
    std::ofstream(later_ + name) << later;
  }
  Config config() {
    const auto loaded = load_config(main_);
    if (!loaded) ADD_FAILURE() << loaded.error().what;
    return loaded.value_or(Config{});
  }
  std::vector<std::string> class_names() {
    std::vector<std::string> names;
    for (const TrafficClass& c : config().classes) names.push_back(c.name);
    return names;
  }
  std::string main_, later_;
};

std::string class_text(const std::string& name, int port) {
  return "[[class]]\nname = \"" + name + "\"\nmatch = { dport = " + std::to_string(port) + " }\n";
}

TEST_F(ConfigFolder, IsReadInTheOrderOfBytes) {
  for (const char* name :
       {"9.toml", "B.toml", "a.toml", ".hidden.toml", "c.toml~", "d.toml.dpkg-old", "toml"})
    std::ofstream(later_ + name) << "";
  EXPECT_EQ(config_files(main_), (std::vector<std::string>{main_, later_ + "10-a.toml", later_ + "9.toml",
                                                           later_ + "B.toml", later_ + "a.toml"}));
  for (const char* name : {".hidden.toml", "c.toml~", "d.toml.dpkg-old", "toml"})
    std::ofstream(later_ + name) << "not toml at all";
  config();
  std::filesystem::remove_all(later_);
  EXPECT_EQ(config_files(main_), std::vector<std::string>{main_});
  EXPECT_EQ(config_files("agent.toml"), std::vector<std::string>{"agent.toml"});
  config();
}

TEST_F(ConfigFolder, KeysOfLaterFilesReplaceEarlierOnes) {
  write(
      "interval = \"1s\"\nmanagement_ports = [22, 23]\n[state.power-saver]\nenter = { frequency = \"< 50%\" "
      "}\n"
      "dwell = \"1s\"\ncpus = \"0\"\n",
      "[agent]\nmanagement_ports = 24\n[state.power-saver]\ndwell = \"2s\"\ncpus = "
      "\"efficient\"\n[state.critical]\n");
  std::ofstream(later_ + "20.toml")
      << "[agent]\ninterfaces = [\"auto\", \"eth0\"]\n[state.power-saver]\ndwell = \"3s\"\n";
  const Config c = config();
  EXPECT_EQ(c.interfaces, (std::vector<std::string>{"auto", "eth0"}));
  EXPECT_EQ(c.interval, std::chrono::seconds(1));
  EXPECT_EQ(c.management_ports, std::vector<std::uint16_t>{24});
  EXPECT_EQ(c.states[2].enter.at(0).when[0].text, "< 50%");
  EXPECT_EQ(c.states[2].dwell, std::chrono::seconds(3));
  EXPECT_TRUE(c.states[2].cpus.efficient);
  EXPECT_FALSE(c.states[2].cpus.mask);
  EXPECT_TRUE(c.states[3].configured);
  EXPECT_FALSE(c.states[0].configured);
}

TEST_F(ConfigFolder, NewClassesAreAskedFirst) {
  write(class_text("a", 1) + class_text("b", 2),
        class_text("c", 3) + class_text("b", 4) + class_text("d", 5));
  std::ofstream(later_ + "20.toml") << class_text("e", 6) + class_text("a", 7) + class_text("d", 8);
  EXPECT_EQ(class_names(), (std::vector<std::string>{"e", "c", "d", "a", "b"}));
  const Config c = config();
  EXPECT_EQ(c.classes[2].match[0].dport, (Ranges{{8, 8}}));
  EXPECT_EQ(c.classes[3].match[0].dport, (Ranges{{7, 7}}));
  EXPECT_EQ(c.classes[3].where, later_ + "20.toml:4:1");
  EXPECT_EQ(c.classes[4].match[0].dport, (Ranges{{4, 4}}));
}

TEST_F(ConfigFolder, AFileMayBeEmptyAndInterfacesMayComeLater) {
  std::filesystem::create_symlink("/dev/null", later_ + "none.toml");
  std::ofstream(main_) << "";
  EXPECT_EQ(error_of(main_).what, main_ + ":1:1: [agent] names no interfaces");
  std::ofstream(main_) << "\n[agent]\n";
  std::ofstream(later_ + "10-a.toml") << "\n\n[agent]\n";
  EXPECT_EQ(error_of(main_).what, main_ + ":2:1: [agent] names no interfaces");
  std::ofstream(later_ + "10-a.toml") << agent;
  EXPECT_EQ(config().interfaces, std::vector<std::string>{"eth0"});
}

TEST_F(ConfigFolder, ErrorsNameTheirFile) {
  const std::string later = later_ + "10-a.toml:";
  const auto says = [&](const std::string& text, const std::string& later_text, const std::string& what) {
    write(text, later_text);
    const Error error = error_of(main_);
    EXPECT_EQ(error.what.substr(0, what.size()), what);
    EXPECT_EQ(error.exit_code, 2);
  };
  says("", "[agent]\nx = 1\n", later + "2:1: unknown key \"x\"");
  says("", "[agent\n", later + "1:");
  says("", "# \n\x01", later + "2:1: a control character");
  says("x = 1\n", "[agent\n", main_ + ":3:1: unknown key \"x\"");
  // Also what a later file replaces has to be right.
  says("interval = 5\n", "[agent]\ninterval = \"5s\"\n", main_ + ":3:12: expected a duration");
  says("[state.critical]\nenter = { frequency = \"< 50%\" }\n",
       "[state.critical]\nleave = { frequency = \"< 60%\" }\n",
       later + "2:9: leave \"frequency < 60%\" overlaps enter \"frequency < 50%\" at " + main_ + ":4:9: ");
  says("[state.critical]\nleave = { frequency = \"> 60%\" }\n", "[state.critical]\n",
       main_ + ":4:9: leave without enter");
  says(class_text("a", 5), class_text("b", 5),
       main_ + ":5:9: no packet reaches this rule: the one at " + later + "3:9 in class \"b\" accepts all");
  says("", class_text("b", 5) + class_text("b", 6),
       later + "5:8: a second class \"b\": the first is at " + later + "1:1");
  std::string many;
  for (int i = 0; i < 64; ++i) many += class_text("c" + std::to_string(i), i);
  says(many, class_text("c1", 99) + class_text("b", 100), later + "4:1: more than 64 classes");
}

// A leave of one file and an enter of another are one state.
TEST_F(ConfigFolder, AStateMayBeWrittenInTwoFiles) {
  write("[state.critical]\nleave = { frequency = \"> 60%\" }\n",
        "[state.critical]\nenter = { frequency = \"< 50%\" }\n");
  EXPECT_FALSE(config().states[3].enter.empty() || config().states[3].leave.empty());
}

TEST_F(ConfigFolder, ThatCannotBeRead) {
  std::filesystem::create_directory(later_ + "b.toml");
  EXPECT_EQ(error_of(main_).what, later_ + "b.toml is a directory");
  std::filesystem::remove(later_ + "b.toml");
  std::filesystem::create_symlink("nowhere", later_ + "b.toml");
  EXPECT_EQ(error_of(main_).what, "cannot read " + later_ + "b.toml: No such file or directory");
  std::filesystem::remove_all(later_);
  std::ofstream(folder_ + "/conf.d") << "";
  EXPECT_EQ(error_of(main_).what, "cannot list " + folder_ + "/conf.d: Not a directory");
  EXPECT_EQ(error_of(main_).exit_code, 2);
  EXPECT_EQ(config_files(main_), std::vector<std::string>{main_});
}

TEST_F(ConfigFile, ThatIsMissing) {
  const Error error = error_of(folder_ + "/none.toml");
  EXPECT_EQ(error.what, "there is no configuration file " + folder_ + "/none.toml");
  EXPECT_NE(error.hint.find("example"), std::string::npos);
  EXPECT_EQ(error.exit_code, 2);
}

TEST_F(ConfigFile, ThatIsADirectory) {
  EXPECT_EQ(error_of(folder_).what, folder_ + " is a directory");
  EXPECT_EQ(error_of(folder_).exit_code, 2);
}

TEST_F(ConfigFile, ThatIsTooLarge) {
  const std::string path = folder_ + "/large.toml";
  std::ofstream(path) << agent << std::string(2 << 20, '#');
  EXPECT_EQ(error_of(path).what, path + " is larger than 1 MiB");
}

TEST_F(ConfigFile, ThatMayNotBeRead) {
  const std::string path = folder_ + "/secret.toml";
  std::ofstream(path) << agent;
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  const uid_t me = geteuid();
  if (me == 0) {
    ASSERT_EQ(seteuid(65534), 0);  // root may read every file
  }
  const Error error = error_of(path);
  ASSERT_EQ(seteuid(me), 0);
  EXPECT_EQ(error.what, "cannot read " + path + ": Permission denied");
  EXPECT_EQ(error.exit_code, 2);
  EXPECT_NE(error.hint.find("permissions"), std::string::npos);
}

const std::string packaging = EBB_SOURCE_DIR "/packaging/";

TEST(ConfigShipped, EveryFileIsValidAndComesBackFromItsText) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(packaging)) {
    if (entry.path().extension() != ".toml") continue;
    SCOPED_TRACE(entry.path());
    ++files;
    const auto config = load_config(entry.path());
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->enforcement, Enforcement::observe);
    EXPECT_EQ(good(render_config(*config)), *config);
  }
  EXPECT_GE(files, 4U);
}

// What the default shows in comments is valid once its "#:" is removed.
TEST(ConfigShipped, CommentedExamplesAreValid) {
  std::ifstream file(packaging + "agent.toml");
  std::string text;
  for (std::string line; std::getline(file, line);)
    text += (line.rfind("#:", 0) == 0 ? line.substr(2) : line) + "\n";
  const Config config = good(text);
  EXPECT_EQ(config.classes.size(), 5U);
  EXPECT_FALSE(config.states[3].enter.empty());
}

// Each example is also a file for conf.d: no rule of it hides one of the default's, nor the other way round.
TEST(ConfigShipped, ExamplesFitIntoTheDefault) {
  char name[] = "/tmp/ebb-config-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string folder = name;
  std::filesystem::copy(packaging + "agent.toml", folder);
  for (const auto& entry : std::filesystem::directory_iterator(packaging + "examples")) {
    std::filesystem::create_directory(folder + "/conf.d");
    std::filesystem::copy(entry.path(), folder + "/conf.d");
    const auto config = load_config(folder + "/agent.toml");
    EXPECT_TRUE(config) << config.error().what;
    std::filesystem::remove_all(folder + "/conf.d");
  }
  std::filesystem::remove_all(folder);
}

// Safe on any host: while the machine is well nothing is treated, and only IPv4 and IPv6 are matched.
TEST(ConfigShipped, TheDefaultLeavesTrafficAlone) {
  const auto config = load_config(packaging + "agent.toml");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->interfaces, std::vector<std::string>{"auto"});
  bool drops = false, answers = false, trims = false, steers = false;
  for (const TrafficClass& c : config->classes) {
    EXPECT_TRUE(c.treat[0].passes() && c.treat[1].passes()) << c.name;
    EXPECT_FALSE(c.treat[2].trim || c.treat[3].trim) << c.name;
    EXPECT_FALSE(c.treat[2].limit) << c.name;
    EXPECT_EQ(c.treat[3].drop || c.treat[3].limit, c.kind == ClassKind::background) << c.name;
    for (const Rule& rule : c.match) {
      const bool only_ip =
          !rule.proto.empty() || rule.ethertype == Ranges{{0x0800, 0x0800}, {0x86dd, 0x86dd}};
      EXPECT_TRUE(only_ip) << rule.where;
      const bool unwanted = rule.no_listener && rule.proto == std::vector<std::uint8_t>{17} &&
                            !rule.delivery.empty() && rule.delivery[0] != Delivery::unicast &&
                            rule.delivery.back() != Delivery::unicast;
      EXPECT_TRUE(unwanted || !(c.treat[2].drop || c.treat[3].drop)) << rule.where;
    }
    drops = drops || c.treat[2].drop;
    answers = answers || c.treat[2].answer;
    trims = trims || c.treat[2].trim_padding;
    steers = steers || c.treat[2].steer;
  }
  EXPECT_TRUE(drops && answers && trims && steers);
}

}  // namespace
}  // namespace ebb::test

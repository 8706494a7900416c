// SPDX-License-Identifier: GPL-2.0-or-later
// What a file may be made of.
#include "config_support.hpp"

namespace ebb::test {
namespace {

TEST(Config, CommentsMayHoldAnyCharacter) {
  good("# \xc3\xa9 \xff\xfe \"\"\" '''" + std::string("\n") + agent + "interval = \"5s\" # \xef\xbb\xbd\n");
  good(agent + "interval = \"5s\" # \"\xc3\xa9\n# .................................\n");
}

TEST(Config, DottedKeysOnManyLines) {
  std::string text = "agent.interfaces = \"abcdefghijklmno\"\n";
  for (int i = 0; i < 20; ++i)
    text += "[[class]]\nname = \"c" + std::to_string(i) + "\"\nmatch.dport = " + std::to_string(i) +
            "\ntreat.critical = \"drop\"\n";
  EXPECT_TRUE(good(text).classes.at(19).treat[3].drop);
}

TEST(Config, WindowsLineEnds) { good("[agent]\r\ninterfaces = [\"eth0\"]\r\n"); }

TEST(ConfigErrors, FileAndSyntax) {
  for (const Bad& row : {
           Bad{"", "t:1:1: [agent] names no interfaces", "interfaces = [\"auto\"]"},
           Bad{"\n[agent]\n", "t:2:1: [agent] names no interfaces", ""},
           Bad{agent + "interval = \n", "t:3:", "TOML"},
           Bad{agent + "interval = 5s\n", "t:3:", "TOML"},
           Bad{agent + agent, "t:3:", "once"},
           Bad{agent + "x = tru\n", "saw 'tru\\x0a'", "TOML"},
           Bad{agent + "[:a]\n", "t:3:2: ", "TOML"},
           Bad{agent + "[<\n", "t:3:2: ", "TOML"},
           Bad{agent + "a.:b = 1\n", "t:3:", "TOML"},
           Bad{agent + "[", "t:3:", "TOML"},
           Bad{agent + "interfaces = [\"b\"]\n", "t:3:", "once"},
           Bad{agent + "[agents]\n", "t:3:2: unknown key \"agents\"", "did you mean \"agent\""},
           Bad{agent + "[classes]\n", "unknown key \"classes\"", "did you mean \"class\""},
           Bad{agent + "[xyzzy]\n", "unknown key \"xyzzy\"", "allowed: agent, state, plan, class"},
           Bad{agent + "\"a\\u0000\\u001b\" = 1\n", "t:3:1: unknown key \"a\\x00\\x1b\"", "interval"},
           Bad{"agent = 1\n", "t:1:9: expected a table, found 1", "interfaces"},
           Bad{"agent = [{ interfaces = \"a\" }]\n", "expected a table, found a list", ""},
           Bad{agent + "[[state]]\n", "expected a table, found a list", "power-saver"},
           Bad{agent + "class = 1\n[x]\n", "", ""},
           Bad{"class = []\n" + agent, "t:1:9: expected at least one value, found an empty list", ""},
           Bad{agent + "interval = \"5\xc2\xb5s\"\n", "t:3:14: a character that is not ASCII (byte 0xc2)",
               "comments"},
           Bad{agent + "x\xef\xbb\xbd = 1\n", "t:3:2: a character that is not ASCII", "comments"},
           Bad{"\xef\xbb\xbf" + agent, "t:1:1: the file starts with a byte order mark", "plain text"},
           Bad{agent + "# \"\n\xc3", "t:4:1: a character that is not ASCII", ""},
           Bad{agent + "i = \"\\\"\xc3\"", "t:3:8: a character that is not ASCII", ""},
           Bad{agent + "i = \"\\\"#\xc3\"", "t:3:9: a character that is not ASCII", ""},
           Bad{agent + "i = '\\' # \xc3\n", "unknown key \"i\"", ""},
           Bad{agent + std::string("\0", 1), "t:3:1: a control character (byte 0x00)", "text file"},
           Bad{agent + "# a\rb\n", "t:3:4: a control character (byte 0x0d)", ""},
           Bad{agent + "interval = \"\"\"5s\"\"\"\n", "t:3:12: a multi-line string", "one line"},
           Bad{agent + "interval = '''5s'''\n", "t:3:12: a multi-line string", "one line"},
           Bad{agent + "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r = 1\n", "t:3:34: a key of too many parts",
               "three parts"},
           Bad{agent + "x = " + std::string(40, '[') + std::string(40, ']') + "\n", "t:3:", "TOML"},
           Bad{std::string((1 << 20) + 1, '\n'), "t is larger than 1 MiB", "right file"},
       })
    expect_bad(row);
}

TEST(ConfigErrors, DeepKeysDoNotExhaustTheStack) {
  std::string deep = "a";
  for (int i = 0; i < 500'000; ++i) deep += ".a";
  expect_bad({deep + " = 1\n", "too many parts", ""});
  expect_bad({"[" + deep + "]\n", "too many parts", ""});
}

TEST(ConfigErrors, TheFirstOneOfTheFileIsTold) {
  expect_bad({"[agent]\nzzz = 1\naaa = 1\n", "t:2:1: unknown key \"zzz\"", ""});
}

}  // namespace
}  // namespace ebb::test

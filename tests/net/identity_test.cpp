// SPDX-License-Identifier: GPL-2.0-or-later
// Identity step by step, with one service; prove-identity does it at random with many.
#include "dataplane/identity.hpp"

#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include <gtest/gtest.h>

#include "actor.hpp"
#include "dataplane/pins.hpp"
#include "dataplane/policy.hpp"
#include "lab.hpp"
#include "sense/management.hpp"

using namespace ebb;
using namespace ebb::test;
using namespace std::chrono_literals;

namespace {

Config policy_for(const std::string& service) {
  Config config;
  Rule plain, owned;
  owned.owner = {{false, service}};
  config.classes.resize(2);
  config.classes[0].name = "plain";
  config.classes[0].match = {plain};
  config.classes[1].name = "owned";
  config.classes[1].match = {owned};
  return config;
}

class IdentityTest : public testing::Test {
 protected:
  static constexpr const char* root = "/run/cgroup";

  void SetUp() override {
    ASSERT_EQ(mkdir(root, 0755), 0);
    const auto none = Cgroups::open();
    ASSERT_FALSE(none) << "the lab's /sys hides every other mount";
    EXPECT_EQ(none.error().what, "cgroup v2 is not mounted");
    ASSERT_EQ(mount("none", root, "cgroup2", 0, nullptr), 0);
    own_ = std::string(root) + "/ebb-identity-test-" + std::to_string(getpid());
    for (const auto& folder : {own_, own_ + "/a.service", own_ + "/b.service"})
      ASSERT_EQ(mkdir(folder.c_str(), 0755), 0);
    auto maps = Maps::open(pin_folder());
    ASSERT_TRUE(maps) << maps.error().what;
    maps_ = std::make_unique<Maps>(std::move(*maps));
  }

  void TearDown() override {
    identity_.reset();
    for (const auto& folder : {own_ + "/a.service", own_ + "/b.service", own_})
      EXPECT_EQ(rmdir(folder.c_str()), 0);
  }

  void start(const std::string& service) {
    auto identity = Identity::open(loop_, *maps_);
    ASSERT_TRUE(identity) << identity.error().what;
    identity_ = std::move(*identity);
    publish(service);
  }

  void publish(const std::string& service) {
    const Config config = policy_for(service);
    const auto bank = std::make_unique<ebb_bank>();
    ASSERT_TRUE(compile_policy(config, assign_slots(config, maps_->bank()), {}, {}, *bank));
    identity_->fill(config, *bank);
    ASSERT_TRUE(maps_->publish(*bank));
    identity_->set_policy(config);
  }

  void run_for(std::chrono::milliseconds time) {
    const auto timer = loop_.every(time, [this] { loop_.stop(); });
    loop_.run();
    loop_.remove(timer->get());
  }

  std::string name(Port port) const {
    const std::string path = identity_->owner(port);
    return path.substr(path.rfind('/') + 1);
  }
  std::uint8_t id(Port port) const { return maps_->live().owner[port.proto == IPPROTO_UDP][port.number]; }

  Lab lab_;
  std::string own_;
  std::unique_ptr<Maps> maps_;
  Loop loop_ = std::move(*Loop::open());
  std::unique_ptr<Identity> identity_;
};

constexpr auto settled = 300ms;
constexpr Port web{IPPROTO_TCP, 8080}, query{IPPROTO_UDP, 9000};
constexpr Wish listen_web{Way::tcp_listen, false, 8080, 0}, bind_query{Way::udp_bind, true, 9000, 0};

TEST_F(IdentityTest, OldAndNewSocketsAreNamedAndForgotten) {
  Actor actor(own_ + "/a.service");
  const auto old = actor.open(listen_web);
  ASSERT_TRUE(old);
  start("a.service");
  EXPECT_EQ(name(web), "a.service") << "older than the agent";
  const auto young = actor.open(bind_query);
  ASSERT_TRUE(young);
  EXPECT_EQ(name(query), "");
  run_for(settled);
  EXPECT_EQ(name(query), "a.service");
  EXPECT_EQ(maps_->bank().owner[id(query)], 0b11u);
  EXPECT_EQ(maps_->bank().owner[0], 0b01u);
  EXPECT_EQ(maps_->bank().owner[255], 0b01u) << "an owner that is being asked for is unknown";
  actor.close(young->fd);
  EXPECT_EQ(name(query), "") << "at once";
  actor.close(old->fd);
  EXPECT_EQ(name(web), "");
}

TEST_F(IdentityTest, ASharedPortIsNobodysFromTheFirstMoment) {
  start("a.service");
  Actor a(own_ + "/a.service"), b(own_ + "/b.service");
  ASSERT_TRUE(a.open(listen_web));
  run_for(settled);
  ASSERT_EQ(name(web), "a.service");
  const auto epoch = maps_->live().epoch;
  const auto second = b.open(listen_web);
  ASSERT_TRUE(second);
  EXPECT_EQ(name(web), "") << "before the agent has run";
  EXPECT_NE(maps_->live().epoch, epoch) << "cached answers end";
  run_for(settled);
  EXPECT_EQ(name(web), "");
  b.close(second->fd);
  run_for(settled);
  identity_->tick();
  EXPECT_EQ(name(web), "a.service") << "found by looking again";
}

TEST_F(IdentityTest, AMoveMakesEveryOwnerUnknown) {
  start("a.service");
  Actor a(own_ + "/a.service");
  ASSERT_TRUE(a.open(listen_web));
  run_for(settled);
  ASSERT_EQ(name(web), "a.service");
  move_process(a.pid(), own_ + "/b.service");
  EXPECT_EQ(name(web), "") << "before the agent has run";
  run_for(settled);
  EXPECT_EQ(name(web), "") << "made by one, in the hands of another";
  move_process(a.pid(), own_ + "/a.service");
  run_for(settled);
  EXPECT_EQ(name(web), "a.service");
}

TEST_F(IdentityTest, AnotherPolicyNamesOthers) {
  Actor a(own_ + "/a.service"), b(own_ + "/b.service");
  ASSERT_TRUE(a.open(listen_web));
  ASSERT_TRUE(b.open(bind_query));
  start("a.service");
  EXPECT_EQ(name(web), "a.service");
  EXPECT_EQ(name(query), "");
  publish("b.service");
  EXPECT_EQ(name(web), "");
  EXPECT_EQ(name(query), "b.service");
  EXPECT_EQ(maps_->bank().owner[id(query)], 0b11u);
  identity_.reset();
  EXPECT_NE(maps_->live().owners_known, maps_->live().owners_epoch) << "nobody follows, so nobody is known";
}

TEST_F(IdentityTest, OneWakeupForManyEvents) {
  start("a.service");
  Actor a(own_ + "/a.service");
  run_for(settled);
  const auto wakeups = loop_.wakeups(), passes = identity_->passes();
  for (int i = 0; i < 200; ++i) {
    const auto socket = a.open(bind_query);
    ASSERT_TRUE(socket);
    a.close(socket->fd);
  }
  run_for(settled);
  EXPECT_LE(identity_->passes() - passes, 1u);
  EXPECT_LE(loop_.wakeups() - wakeups, 10u) << "the first event, the pass, the end of the wait; not 200";
}

}  // namespace

// SPDX-License-Identifier: GPL-2.0-or-later
// The varlink server against good, hostile and slow clients, and the client against good and dead servers.
#include <fcntl.h>
#include <grp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "api/interface.hpp"
#include "api/varlink_client.hpp"
#include "api/varlink_server.hpp"

namespace ebb {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// A client without manners.
class Raw {
 public:
  explicit Raw(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = address_of(path);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  bool put(const std::string& bytes) {
    return send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  bool call(const json& message) { return put(message.dump() + '\0'); }
  void finish() { shutdown(fd_.get(), SHUT_WR); }

  // The next reply; nothing when the server closed the connection.
  std::optional<json> next() {
    for (std::size_t end; (end = buffer_.find('\0')) == std::string::npos;) {
      std::string chunk(65536, '\0');
      const ssize_t got = recv(fd_.get(), chunk.data(), chunk.size(), 0);
      if (got < 0 && errno != ECONNRESET) ADD_FAILURE() << "no reply and no end: " << strerror(errno);
      if (got <= 0) return std::nullopt;
      buffer_.append(chunk, 0, static_cast<std::size_t>(got));
    }
    const auto end = buffer_.find('\0');
    auto reply = json::parse(buffer_.substr(0, end));
    buffer_.erase(0, end + 1);
    return reply;
  }

 private:
  Fd fd_;
  std::string buffer_;
};

class Varlink : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "ebb-varlink-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder + "/agent.sock";
    auto loop = Loop::open();
    ASSERT_TRUE(loop);
    loop_ = std::move(*loop);
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    stop_read_.reset(ends[0]);
    stop_write_.reset(ends[1]);
    ASSERT_TRUE(loop_.add(ends[0], EPOLLIN, [this](std::uint32_t) { loop_.stop(); }));
  }
  void TearDown() override {
    stop_write_.reset();
    if (thread_.joinable()) thread_.join();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void serve() {
    VarlinkInterface interface{agent_interface_name, agent_interface_description, {}};
    interface.methods["Echo"] = [](const json& parameters, const Peer& peer) -> VarlinkReply {
      return json{{"got", parameters}, {"uid", peer.uid}, {"pid", peer.pid}};
    };
    interface.methods["Big"] = [](const json& parameters, const Peer&) -> VarlinkReply {
      return json{{"text", std::string(parameters.at("bytes").get<std::size_t>(), 'x')}};
    };
    interface.methods["Count"] = [this](const json&, const Peer&) -> VarlinkReply {
      return json{{"n", ++counted_}};
    };
    interface.methods["News"] = [](const json&, const Peer&) -> VarlinkReply {
      return json{{"news", "first"}};
    };
    interface.methods["Publish"] = [this](const json& parameters, const Peer&) -> VarlinkReply {
      server_->publish("News", parameters);
      return json::object();
    };
    interface.methods["Keep"] = [this](const json&, const Peer& peer) -> VarlinkReply {
      server_->keep(peer.connection);
      return json{{"connection", peer.connection}};
    };
    interface.methods["Closed"] = [this](const json&, const Peer&) -> VarlinkReply {
      return json{{"closed", closed_}};
    };
    interface.streams = {"News"};
    interface.closed = [this](std::uint64_t connection) { closed_.push_back(connection); };
    interface.methods["Refuse"] = [](const json&, const Peer&) -> VarlinkReply {
      return varlink_error("io.ebb.Agent.PermissionDenied",
                           {{"message", "only root may do that"}, {"hint", "run it as root"}});
    };
    interface.methods["BadFile"] = [](const json&, const Peer&) -> VarlinkReply {
      return varlink_error("io.ebb.Agent.InvalidConfiguration",
                           {{"message", "agent.toml:1:2: expected a table"}, {"hint", "write [agent]"}});
    };
    interface.methods["Throw"] = [](const json&, const Peer&) -> VarlinkReply {
      throw std::runtime_error("oops");
    };
    auto server = VarlinkServer::open(loop_, path_, std::move(interface));
    ASSERT_TRUE(server) << server.error().what;
    server_ = std::move(*server);
    thread_ = std::thread([this] { loop_.run(); });
  }
  std::vector<std::uint64_t> closed_;  // connections
  void expect_alive() {
    const auto reply = varlink_call(path_, "io.ebb.Agent.Echo", {{"a", 1}});
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_EQ((*reply)["got"]["a"], 1);
  }

  std::filesystem::path folder_;
  std::string path_;
  Loop loop_;
  Fd stop_read_, stop_write_;
  std::unique_ptr<VarlinkServer> server_;
  std::thread thread_;
  int counted_ = 0;
};

TEST_F(Varlink, ACallWithMoreGoesOn) {
  serve();
  Raw watcher(path_), other(path_);
  ASSERT_TRUE(watcher.call({{"method", "io.ebb.Agent.News"}, {"more", true}}));
  EXPECT_EQ(watcher.next(), (json{{"parameters", {{"news", "first"}}}, {"continues", true}}));
  ASSERT_TRUE(other.call({{"method", "io.ebb.Agent.Publish"}, {"parameters", {{"news", 2}}}}));
  EXPECT_TRUE(other.next());
  EXPECT_EQ(watcher.next(), (json{{"parameters", {{"news", 2}}}, {"continues", true}}));
  ASSERT_TRUE(other.call({{"method", "io.ebb.Agent.News"}}));
  EXPECT_EQ(other.next(), (json{{"parameters", {{"news", "first"}}}})) << "without `more` it is one reply";
  ASSERT_TRUE(other.call({{"method", "io.ebb.Agent.Count"}, {"more", true}}));
  EXPECT_FALSE(other.next()->contains("continues")) << "not a stream";
  ASSERT_TRUE(watcher.call({{"method", "io.ebb.Agent.Count"}}));
  EXPECT_FALSE(watcher.next()) << "its reply would never come";
  expect_alive();
}

TEST_F(Varlink, AWatcherThatDoesNotReadLosesItsConnection) {
  serve();
  Raw slow(path_), other(path_);
  ASSERT_TRUE(slow.call({{"method", "io.ebb.Agent.News"}, {"more", true}}));
  ASSERT_TRUE(slow.next());
  const std::string big(60000, 'x');
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(other.call({{"method", "io.ebb.Agent.Publish"}, {"parameters", {{"news", big}}}}));
    ASSERT_TRUE(other.next()) << "nobody waits for the slow one";
  }
  int got = 0;
  while (slow.next()) ++got;
  EXPECT_GT(got, 0);
  EXPECT_LT(got, 60);
  expect_alive();
}

TEST_F(Varlink, AClosedConnectionIsToldOnceAndThoseThatWaitStay) {
  serve();
  Raw keeper(path_);
  ASSERT_TRUE(keeper.call({{"method", "io.ebb.Agent.Keep"}}));
  const auto kept = keeper.next().value()["parameters"]["connection"];
  std::vector<std::unique_ptr<Raw>> crowd;
  for (std::size_t i = 0; i < VarlinkServer::max_clients + 8; ++i) {
    crowd.push_back(std::make_unique<Raw>(path_));
    ASSERT_TRUE(crowd.back()->call({{"method", "io.ebb.Agent.Count"}}));
    ASSERT_TRUE(crowd.back()->next());
  }
  ASSERT_TRUE(keeper.call({{"method", "io.ebb.Agent.Closed"}}));
  const auto closed = keeper.next().value()["parameters"]["closed"];
  EXPECT_EQ(closed.size(), 9U);
  EXPECT_EQ(std::ranges::count(closed, kept), 0);
}

TEST_F(Varlink, KnowsItsPeer) {
  serve();
  const auto reply = varlink_call(path_, "io.ebb.Agent.Echo", {{"word", "tide"}});
  ASSERT_TRUE(reply) << reply.error().what;
  EXPECT_EQ(*reply, (json{{"got", {{"word", "tide"}}}, {"uid", getuid()}, {"pid", getpid()}}));
}

TEST_F(Varlink, DescribesItself) {
  serve();
  const auto info = varlink_call(path_, "org.varlink.service.GetInfo");
  ASSERT_TRUE(info) << info.error().what;
  EXPECT_EQ((*info)["version"], EBB_VERSION);
  EXPECT_EQ((*info)["interfaces"], (json{"org.varlink.service", "io.ebb.Agent"}));
  for (const char* name : {"org.varlink.service", "io.ebb.Agent"}) {
    const auto reply =
        varlink_call(path_, "org.varlink.service.GetInterfaceDescription", {{"interface", name}});
    ASSERT_TRUE(reply) << reply.error().what;
    EXPECT_NE((*reply)["description"].get<std::string>().find("interface " + std::string(name)),
              std::string::npos);
  }
}

TEST(VarlinkInterfaceText, IsTheShippedFile) {
  std::ifstream file(std::filesystem::path(EBB_SOURCE_DIR) / "agent/api/io.ebb.Agent.varlink");
  ASSERT_TRUE(file);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), agent_interface_description);
}

TEST_F(Varlink, NamesWhatIsWrongWithACall) {
  serve();
  struct Row {
    const char* call;
    const char* reply;
  };
  const Row rows[] = {
      {R"({"method":"io.ebb.Agent.Nope"})",
       R"({"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.ebb.Agent.Nope"}})"},
      {R"({"method":"io.ebb.Other.Echo"})",
       R"({"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"io.ebb.Other"}})"},
      {R"({"method":"Echo"})",
       R"({"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"method"}})"},
      {R"({"method":"io.ebb.Agent.Echo","parameters":[1]})",
       R"({"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"parameters"}})"},
      {R"({"method":"org.varlink.service.GetInterfaceDescription"})",
       R"({"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"interface"}})"},
      {R"({"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"x.y"}})",
       R"({"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"x.y"}})"},
      {R"({"method":"io.ebb.Agent.Throw"})",
       R"({"error":"io.ebb.Agent.Failed","parameters":{"hint":"","message":"oops"}})"},
      {R"({"method":"io.ebb.Agent.Refuse","oneway":"yes"})",
       R"({"error":"io.ebb.Agent.PermissionDenied","parameters":{"hint":"run it as root","message":"only root may do that"}})"},
      {R"({"method":"io.ebb.Agent.Count","parameters":null})", R"({"parameters":{"n":1}})"},
  };
  Raw client(path_);
  for (const auto& row : rows) {
    client.put(row.call + std::string(1, '\0'));
    EXPECT_EQ(client.next(), json::parse(row.reply)) << row.call;
  }
}

TEST_F(Varlink, AnswersPipelinedCallsInOrderAndOnewayNever) {
  serve();
  Raw client(path_);
  const std::string count = R"({"method":"io.ebb.Agent.Count"})" + std::string(1, '\0');
  const std::string oneway = R"({"method":"io.ebb.Agent.Count","oneway":true})" + std::string(1, '\0');
  client.put(count + oneway + count + count.substr(0, 9));
  EXPECT_EQ(client.next(), (json{{"parameters", {{"n", 1}}}}));
  EXPECT_EQ(client.next(), (json{{"parameters", {{"n", 3}}}}));
  client.put(count.substr(9));
  client.finish();
  EXPECT_EQ(client.next(), (json{{"parameters", {{"n", 4}}}}));
  EXPECT_EQ(client.next(), std::nullopt);
}

TEST_F(Varlink, ClosesOnWhatIsNoCall) {
  serve();
  const std::string deep_array(60000, '[');
  std::string deep_object = R"({"method":"io.ebb.Agent.Echo","parameters":)";
  for (int i = 0; i < 8000; ++i) deep_object += R"({"a":)";
  const std::string nul(1, '\0');
  for (const std::string& bytes :
       {nul, "{" + nul, "null" + nul, "[]" + nul, "{}" + nul, R"({"method":7})" + nul, "{}{}" + nul,
        "{\"method\":\"\xff\"}" + nul, deep_array + nul, deep_array + std::string(60000 / 2, ']') + nul,
        deep_object + "1" + std::string(8000, '}') + "}" + nul,
        std::string(VarlinkServer::max_message + 1, ' '),
        "{\"method\":\"" + std::string(VarlinkServer::max_message, 'x') + "\"}" + nul}) {
    Raw client(path_);
    client.put(bytes);
    EXPECT_EQ(client.next(), std::nullopt) << bytes.substr(0, 60);
  }
  expect_alive();
}

TEST_F(Varlink, AnswersWhatCameBeforeNonsense) {
  serve();
  Raw client(path_);
  client.put(R"({"method":"io.ebb.Agent.Count"})" + std::string(1, '\0') + "nonsense" + std::string(1, '\0'));
  EXPECT_EQ(client.next(), (json{{"parameters", {{"n", 1}}}}));
  EXPECT_EQ(client.next(), std::nullopt);
}

TEST_F(Varlink, TakesTheLargestMessage) {
  serve();
  Raw client(path_);
  json call{{"method", "io.ebb.Agent.Echo"}, {"parameters", {{"text", ""}}}};
  const std::string text(VarlinkServer::max_message - call.dump().size(), 'x');
  call["parameters"]["text"] = text;
  ASSERT_EQ(call.dump().size(), VarlinkServer::max_message);
  client.call(call);
  const auto reply = client.next();
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["parameters"]["got"]["text"], text);
}

TEST_F(Varlink, WaitsForASlowReaderWithoutWaking) {
  serve();
  Raw slow(path_);
  const json call{{"method", "io.ebb.Agent.Big"}, {"parameters", {{"bytes", 900'000}}}};
  slow.call(call);
  slow.finish();
  expect_alive();
  const auto before = loop_.wakeups();
  std::this_thread::sleep_for(50ms);
  EXPECT_LE(loop_.wakeups() - before, 2u);
  const auto reply = slow.next();
  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)["parameters"]["text"].get<std::string>().size(), 900'000u);
  EXPECT_EQ(slow.next(), std::nullopt);
}

TEST_F(Varlink, DropsAClientThatDoesNotRead) {
  serve();
  Raw slow(path_);
  const json call{{"method", "io.ebb.Agent.Big"}, {"parameters", {{"bytes", 300'000}}}};
  for (int i = 0; i < 20; ++i) slow.call(call);
  expect_alive();
  int replies = 0;
  while (slow.next()) ++replies;
  EXPECT_LT(replies, 8);  // 1 MiB and what fits into the socket
}

TEST_F(Varlink, GivesTheSeatOfTheMostSilentClient) {
  serve();
  const json call{{"method", "io.ebb.Agent.Count"}};
  std::vector<std::unique_ptr<Raw>> clients;
  for (std::size_t i = 0; i < VarlinkServer::max_clients; ++i) {
    clients.push_back(std::make_unique<Raw>(path_));
    clients.back()->call(call);
    ASSERT_TRUE(clients.back()->next());
  }
  clients[0]->call(call);  // now clients[1] is the most silent one
  ASSERT_TRUE(clients[0]->next());
  expect_alive();
  EXPECT_EQ(clients[1]->next(), std::nullopt);
  clients[0]->call(call);
  EXPECT_TRUE(clients[0]->next());
}

TEST_F(Varlink, SurvivesNoise) {
  serve();
  std::mt19937 random(1);
  auto any = [&](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
  };
  const std::string good =
      R"({"method":"io.ebb.Agent.Echo","parameters":{"a":[1,"b\u00e9",null,-2.5e3]},"oneway":false})";
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    if (round % 2 == 0) {
      bytes.resize(any(600) + 1);
      for (char& c : bytes) c = static_cast<char>(any(256));
    } else {
      bytes = good + '\0' + good + '\0';
      for (std::size_t i = any(4) + 1; i > 0; --i) bytes[any(bytes.size())] = static_cast<char>(any(256));
      bytes.resize(any(bytes.size()) + 1);
    }
    Raw client(path_);
    client.put(bytes);
    if (round % 3 == 0) client.finish();
  }
  expect_alive();
}

TEST_F(Varlink, SocketIsNeverWiderThanItsGroup) {
  const mode_t before = umask(0);
  serve();
  umask(before);
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  const group* ebb = getgrnam("ebb");
  EXPECT_EQ(info.st_mode & 07777, ebb && info.st_gid == ebb->gr_gid ? 0660u : 0600u);
}

TEST_F(Varlink, ReplacesAStaleSocketOnly) {
  const auto address = address_of(path_);
  Fd stale(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  stale.reset();
  serve();
  expect_alive();

  const std::string file = folder_ / "precious";
  std::ofstream(file) << "data";
  std::filesystem::create_symlink(path_, folder_ / "link");
  for (const std::string& path : {file, (folder_ / "link").string(), folder_.string()}) {
    const auto server =
        VarlinkServer::open(loop_, path, {agent_interface_name, agent_interface_description, {}});
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().what, path + " exists and is not a socket");
    EXPECT_FALSE(server.error().hint.empty());
  }
  EXPECT_EQ(std::filesystem::file_size(file), 4u);
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
}

TEST_F(Varlink, RemovesItsSocket) {
  serve();
  stop_write_.reset();
  thread_.join();
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Varlink, RefusesAnOverlongPath) {
  EXPECT_FALSE(VarlinkServer::open(loop_, "/" + std::string(200, 'x'), {"a.b", "", {}}));
}

TEST_F(Varlink, ClientSaysThatNoAgentRuns) {
  const auto address = address_of(path_);
  Fd stale(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  stale.reset();
  for (const std::string& path :
       {path_, (folder_ / "absent").string(), (folder_ / "no" / "folder").string()}) {
    const auto reply = varlink_call(path, "io.ebb.Agent.Status");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().exit_code, exit_no_agent);
    EXPECT_EQ(reply.error().hint, "start it: systemctl start ebb-agentd, or agentd");
  }
}

TEST_F(Varlink, ClientPassesErrorsOn) {
  serve();
  const auto refused = varlink_call(path_, "io.ebb.Agent.Refuse");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "only root may do that");
  EXPECT_EQ(refused.error().hint, "run it as root");
  EXPECT_EQ(refused.error().exit_code, exit_failed);
  const auto wrong = varlink_call(path_, "io.ebb.Agent.BadFile");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().what, "agent.toml:1:2: expected a table");
  EXPECT_EQ(wrong.error().hint, "write [agent]");
  EXPECT_EQ(wrong.error().exit_code, exit_usage);
  const auto unknown = varlink_call(path_, "io.ebb.Agent.Nope");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().what, "the running agent does not know io.ebb.Agent.Nope");
}

TEST_F(Varlink, ClientGivesUpOnASilentOrBrokenAgent) {
  const auto address = address_of(path_);
  Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  const auto silent = varlink_call(path_, "io.ebb.Agent.Status", json::object(), 50ms);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().what, "the agent did not answer within 50 ms");
  Fd(accept(listener.get(), nullptr, nullptr)).reset();

  for (const std::string& bytes :
       {std::string("nonsense\0", 9), std::string("[]\0", 3), std::string("half"),
        std::string("{\"parameters\":7}\0", 17), std::string("{\"error\":{}}\0", 13)}) {
    std::thread agent([&] {
      Fd fd(accept(listener.get(), nullptr, nullptr));
      EXPECT_EQ(write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    });
    const auto reply = varlink_call(path_, "io.ebb.Agent.Status");
    agent.join();
    ASSERT_FALSE(reply) << bytes;
    EXPECT_EQ(reply.error().exit_code, exit_failed);
  }
}

}  // namespace
}  // namespace ebb

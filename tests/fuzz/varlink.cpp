// SPDX-License-Identifier: GPL-2.0-or-later
// The varlink server against any bytes from a client that may read late or vanish: no crash, bounded memory,
// and each reply is one JSON object with parameters.
//
// Input: bytes per write, how the client behaves (below), and what it sends.
#include <sanitizer/allocator_interface.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <set>

#include "agentd/frame.hpp"
#include "api/varlink_server.hpp"
#include "base/log.hpp"
#include "fuzz/check.hpp"

namespace ebb {
namespace {

using nlohmann::json;

constexpr std::uint8_t reads_late = 1;  // only when everything is sent
constexpr std::uint8_t vanishes = 2;    // closes instead of waiting for the end

// A request of 64 KiB may become as many JSON values; replies wait up to VarlinkServer::max_pending.
constexpr std::size_t memory_limit = std::size_t{16} << 20;

VarlinkReply refused(const Error& error) {
  return varlink_error("io.ebb.Fuzz.Failed", {{"message", error.what}, {"hint", error.hint}});
}

// A packet in words, built and read back.
VarlinkReply build(const json& parameters, const Peer&) {
  const auto asked = tuple_from_json(parameters);
  if (!asked) return refused(asked.error());
  const Tuple& tuple = asked->tuple;
  const auto frame = build_frame(tuple, Mac{2, 0, 0, 0, 0, 1});
  if (!frame) return refused(frame.error());
  const auto read = read_frame(*frame);
  check(read.has_value(), "the frame that was built cannot be read");
  check(read->ethertype == tuple.ethertype && read->vlan == tuple.vlan, "built with another link header");
  if (tuple.ip())
    check(read->src == tuple.src && read->dst == tuple.dst && read->dscp == tuple.dscp,
          "built with another IP header");
  // What follows an extension header of zeros is another protocol.
  static const std::set<unsigned> extensions = {0, 43, 44, 51, 60};
  if (tuple.ip() && !(tuple.ipv6() && extensions.contains(tuple.proto)))
    check(read->proto == tuple.proto, "built with another protocol");
  return tuple_json(*read);
}

VarlinkReply read(const json& parameters, const Peer&) {
  const auto frame = parse_hex(parameters.at("packet").get<std::string>());
  if (!frame) return refused(frame.error());
  const auto tuple = read_frame(*frame);
  return tuple ? tuple_json(*tuple) : json::object();
}

VarlinkInterface test_interface() {
  VarlinkInterface out{"io.ebb.Fuzz", "interface io.ebb.Fuzz", {}};
  out.methods["Echo"] = [](const json& parameters, const Peer&) -> VarlinkReply { return parameters; };
  out.methods["Long"] = [](const json&, const Peer&) -> VarlinkReply {
    return json{{"text", std::string(200'000, 'x')}};
  };
  out.methods["Build"] = build;
  out.methods["Read"] = read;
  out.methods["Throw"] = [](const json& parameters, const Peer&) -> VarlinkReply {
    return json{{"text", parameters.at("text").get<std::string>()}};
  };
  return out;
}

struct Service {
  Loop loop;
  std::string path;
  std::unique_ptr<VarlinkServer> server;
};

Service& service() {
  static Service* one = [] {
    spdlog::set_level(spdlog::level::off);
    static char folder[] = "/tmp/ebb-fuzz-varlink-XXXXXX";
    if (!mkdtemp(folder)) std::abort();
    auto loop = Loop::open();
    check(loop.has_value(), "no event loop");
    auto* out = new Service{std::move(*loop), std::string(folder) + "/agent.sock", nullptr};
    auto server = VarlinkServer::open(out->loop, out->path, test_interface());
    check(server.has_value(), "no server");
    out->server = std::move(*server);
    std::atexit([] {
      service().server.reset();
      rmdir(folder);
    });
    return out;
  }();
  return *one;
}

class Client {
 public:
  Client(std::span<const std::uint8_t> input)
      : chunk_(input[0] * 64u + 1), behaviour_(input[1]), rest_(input.subspan(2)) {}

  void run() {
    Service& to = service();
    before_ = __sanitizer_get_current_allocated_bytes();
    fd_ = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    to.path.copy(address.sun_path, sizeof address.sun_path - 1);
    check(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
    check(to.loop.add(fd_.get(), EPOLLIN | EPOLLOUT, [this](std::uint32_t) { turn(); }).has_value(), "epoll");
    to.loop.run();
    to.loop.remove(fd_.get());
  }

 private:
  void turn() {
    if (++turns_ % 16 == 0)  // it takes its time
      check(__sanitizer_get_current_allocated_bytes() < before_ + memory_limit, "too much memory");
    if (!sent_) write();
    if (!(behaviour_ & reads_late) || sent_) read();
  }

  void write() {
    const auto part = rest_.first(std::min(chunk_, rest_.size()));
    const ssize_t put = send(fd_.get(), part.data(), part.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EAGAIN) return;
    rest_ = put < 0 ? rest_.last(0) : rest_.subspan(static_cast<std::size_t>(put));  // the server closed
    sent_ = rest_.empty();
    if (!sent_) return;
    if (behaviour_ & vanishes) return service().loop.stop();
    shutdown(fd_.get(), SHUT_WR);
    (void)service().loop.modify(fd_.get(), EPOLLIN);
  }

  void read() {
    char chunk[16384];
    const ssize_t got = recv(fd_.get(), chunk, sizeof chunk, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return service().loop.stop();
    for (const char byte : std::span(chunk, static_cast<std::size_t>(got))) {
      if (byte != 0)
        reply_ += byte;
      else
        end_reply();
    }
  }

  void end_reply() {
    const json reply = json::parse(reply_, nullptr, false);
    check(reply.is_object() && reply.contains("parameters") && reply["parameters"].is_object(),
          "a bad reply");
    reply_.clear();
  }

  std::size_t chunk_;
  std::uint8_t behaviour_;
  std::span<const std::uint8_t> rest_;
  bool sent_ = false;
  std::size_t before_ = 0;
  unsigned turns_ = 0;
  Fd fd_;
  std::string reply_;
};

}  // namespace
}  // namespace ebb

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return -1;
  ebb::Client({data, size}).run();
  return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "api/varlink_server.hpp"

#include <grp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace ebb {
namespace {

using nlohmann::json;

constexpr const char* service_description = R"varlink(# What every varlink service offers.
interface org.varlink.service

method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)
method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error InvalidParameter (parameter: string)
)varlink";

VarlinkReply not_found(const char* what, const char* key, std::string subject) {
  return varlink_error(std::string("org.varlink.service.") + what, {{key, std::move(subject)}});
}

json error_reply(const VarlinkError& error) {
  return {{"error", error.name}, {"parameters", error.parameters}};
}

bool flag(const json& call, const char* key) {
  const auto found = call.find(key);
  return found != call.end() && found->is_boolean() && found->get<bool>();
}

struct Client {
  Fd fd;
  Peer peer;
  std::uint64_t last_heard;  // Server::turn_ of its last request
  std::uint32_t watched;     // epoll events
  std::string in = {};       // a request without its end yet
  std::string out = {};      // replies that the socket did not take yet
  bool closing = false;      // sends `out`, reads no more
  bool waits = false;        // is silent because there is nothing to say
  std::string stream = {};   // the method that it called with `more` and that goes on
};

class Server final : public VarlinkServer {
 public:
  Server(Loop& loop, std::string path, Fd listener, VarlinkInterface interface)
      : loop_(loop), path_(std::move(path)), listener_(std::move(listener)) {
    interfaces_.push_back(service());
    interfaces_.push_back(std::move(interface));
  }
  ~Server() override {
    for (const auto& [fd, client] : clients_) loop_.remove(fd);
    loop_.remove(listener_.get());
    unlink(path_.c_str());
  }

  Status start() {
    return loop_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_clients(); });
  }
  void publish(const std::string& method, const json& parameters) override;
  void keep(std::uint64_t connection) override;

 private:
  VarlinkInterface service();
  const VarlinkInterface* find_interface(std::string_view name) const;
  VarlinkReply dispatch(const std::string& method, const json& parameters, const Peer& peer) const;
  bool goes_on(const std::string& method) const;
  void accept_clients();
  void close_most_silent();
  void close_client(int fd);
  void serve(int fd);
  bool watch(Client& client);
  bool receive(Client& client);
  bool answer(Client& client, std::string_view message);
  static bool send_pending(Client& client);

  Loop& loop_;
  std::string path_;
  Fd listener_;
  std::vector<VarlinkInterface> interfaces_;
  std::map<int, Client> clients_;
  std::uint64_t turn_ = 0;
  std::uint64_t connections_ = 0;  // so far
};

VarlinkInterface Server::service() {
  VarlinkInterface service{"org.varlink.service", service_description, {}};
  service.methods["GetInfo"] = [this](const json&, const Peer&) -> VarlinkReply {
    json names = json::array();
    for (const auto& interface : interfaces_) names.push_back(interface.name);
    return json{{"vendor", "Ebb"},
                {"product", "agentd"},
                {"version", EBB_VERSION},
                {"url", "man:agentd(8)"},
                {"interfaces", std::move(names)}};
  };
  service.methods["GetInterfaceDescription"] = [this](const json& parameters, const Peer&) -> VarlinkReply {
    const auto name = parameters.find("interface");
    if (name == parameters.end() || !name->is_string()) return invalid_parameter("interface");
    const VarlinkInterface* interface = find_interface(name->get_ref<const std::string&>());
    if (!interface) return not_found("InterfaceNotFound", "interface", name->get<std::string>());
    return json{{"description", interface->description}};
  };
  return service;
}

const VarlinkInterface* Server::find_interface(std::string_view name) const {
  const auto found = std::ranges::find(interfaces_, name, &VarlinkInterface::name);
  return found == interfaces_.end() ? nullptr : &*found;
}

VarlinkReply Server::dispatch(const std::string& method, const json& parameters, const Peer& peer) const {
  const auto dot = method.rfind('.');
  if (dot == std::string::npos) return invalid_parameter("method");
  const VarlinkInterface* interface = find_interface(std::string_view(method).substr(0, dot));
  if (!interface) return not_found("InterfaceNotFound", "interface", method.substr(0, dot));
  const auto handler = interface->methods.find(method.substr(dot + 1));
  if (handler == interface->methods.end()) return not_found("MethodNotFound", "method", method);
  if (!parameters.is_object()) return invalid_parameter("parameters");
  try {
    return handler->second(parameters, peer);
  } catch (const std::exception& error) {
    log_bug(method + ": " + error.what());
    return varlink_error(interface->name + ".Failed", {{"message", error.what()}, {"hint", ""}});
  }
}

// `method`: one that dispatch() has found.
bool Server::goes_on(const std::string& method) const {
  const auto dot = method.rfind('.');
  const VarlinkInterface* interface = find_interface(std::string_view(method).substr(0, dot));
  return interface && interface->streams.contains(method.substr(dot + 1));
}

void Server::accept_clients() {
  for (;;) {
    Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EMFILE || errno == ENFILE)
        close_most_silent();  // the listener stays readable: room for the next try
      return;
    }
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) continue;
    if (clients_.size() == max_clients) close_most_silent();
    const int key = fd.get();
    if (!loop_.add(key, EPOLLIN, [this, key](std::uint32_t) { serve(key); })) continue;
    clients_.emplace(key, Client{.fd = std::move(fd),
                                 .peer = {credentials.uid, credentials.pid, ++connections_},
                                 .last_heard = ++turn_,
                                 .watched = EPOLLIN});
  }
}

void Server::close_most_silent() {
  const auto silent = std::ranges::min_element(
      clients_, {}, [](const auto& entry) { return std::pair(entry.second.waits, entry.second.last_heard); });
  if (silent != clients_.end()) close_client(silent->first);
}

void Server::close_client(int fd) {
  loop_.remove(fd);
  const auto node = clients_.extract(fd);
  if (node.empty()) return;
  for (const auto& interface : interfaces_)  // it may publish: the client is out of the list already
    if (interface.closed) interface.closed(node.mapped().peer.connection);
}

// The events do not matter: both directions are tried, and neither blocks.
void Server::serve(int fd) {
  const auto found = clients_.find(fd);
  if (found == clients_.end()) return;
  Client& client = found->second;
  if (!send_pending(client) || (!client.closing && !receive(client)) ||
      (client.closing && client.out.empty()) || !watch(client))
    close_client(fd);
}

// False: the loop does not take it.
bool Server::watch(Client& client) {
  const std::uint32_t wanted = (client.closing ? 0u : EPOLLIN) | (client.out.empty() ? 0u : EPOLLOUT);
  if (wanted != client.watched && !loop_.modify(client.fd.get(), wanted)) return false;
  client.watched = wanted;
  return true;
}

void Server::publish(const std::string& method, const json& parameters) {
  std::vector<int> watching;
  for (const auto& [fd, client] : clients_)
    if (client.stream == method && !client.closing) watching.push_back(fd);
  if (watching.empty()) return;
  const std::string reply = json{{"parameters", parameters}, {"continues", true}}.dump(
                                -1, ' ', false, json::error_handler_t::replace) +
                            '\0';
  for (const int fd : watching) {
    const auto found = clients_.find(fd);
    if (found == clients_.end() || found->second.stream != method) continue;
    Client& client = found->second;
    client.out += reply;
    if (!send_pending(client) || client.out.size() > max_pending || !watch(client)) close_client(fd);
  }
}

void Server::keep(std::uint64_t connection) {
  for (auto& [fd, client] : clients_)
    if (client.peer.connection == connection) client.waits = true;
}

// One read, so that a busy client waits its turn. False: the connection is beyond use.
bool Server::receive(Client& client) {
  std::array<char, 16384> chunk;
  const ssize_t got = recv(client.fd.get(), chunk.data(), chunk.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  client.last_heard = ++turn_;
  const std::size_t fresh = client.in.size();
  client.in.append(chunk.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  client.closing = got == 0;
  for (std::size_t end; (end = client.in.find('\0', std::max(begin, fresh))) != std::string::npos;
       begin = end + 1) {
    if (!answer(client, std::string_view(client.in).substr(begin, end - begin))) {
      client.closing = true;  // what it asked before is still sent
      break;
    }
    if (!send_pending(client) || client.out.size() > max_pending) return false;
  }
  client.in.erase(0, begin);
  if (client.in.size() > max_message) client.closing = true;
  return true;
}

// False: not a varlink call, or one behind a call whose replies go on.
bool Server::answer(Client& client, std::string_view message) {
  if (message.size() > max_message || !client.stream.empty()) return false;
  bool too_deep = false;
  const auto limit_depth = [&](int depth, json::parse_event_t, json&) {
    return !(too_deep |= depth > max_depth);
  };
  const json call = json::parse(message, limit_depth, false);
  if (too_deep || !call.is_object()) return false;
  const auto method = call.find("method");
  if (method == call.end() || !method->is_string()) return false;
  const auto parameters = call.find("parameters");

  const bool none = parameters == call.end() || parameters->is_null();
  const auto& name = method->get_ref<const std::string&>();
  const VarlinkReply reply = dispatch(name, none ? json::object() : *parameters, client.peer);
  if (flag(call, "oneway")) return true;
  json told = reply ? json{{"parameters", *reply}} : error_reply(reply.error());
  if (reply && flag(call, "more") && goes_on(name)) {
    told["continues"] = client.waits = true;
    client.stream = name.substr(name.rfind('.') + 1);
  }
  client.out += told.dump(-1, ' ', false, json::error_handler_t::replace);
  client.out += '\0';
  return true;
}

// Sends what the socket takes. False: the client is gone.
bool Server::send_pending(Client& client) {
  std::size_t sent = 0;
  while (sent < client.out.size()) {
    const ssize_t put =
        send(client.fd.get(), client.out.data() + sent, client.out.size() - sent, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno != EAGAIN) return false;
    if (put < 0) break;
    sent += static_cast<std::size_t>(put);
  }
  client.out.erase(0, sent);
  return true;
}

// A socket that an agent left behind goes; anything else at `path` is not ours.
Status remove_stale(const std::string& path) {
  struct stat info{};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("cannot look at " + path, errno);
  }
  if (!S_ISSOCK(info.st_mode))
    return fail(path + " exists and is not a socket", "move it away and start the agent again");
  if (unlink(path.c_str()) != 0) return fail_errno("cannot replace the stale socket " + path, errno);
  return {};
}

// Who may connect. An agent without root cannot give the socket away: it stays its own. The group is read
// from the file that sysusers writes: a static agent has no name service.
void open_to_group(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> groups(std::fopen("/etc/group", "re"), std::fclose);
  if (!groups) return;
  const group* entry = nullptr;
  do entry = fgetgrent(groups.get());
  while (entry && std::string_view(entry->gr_name) != "ebb");
  if (entry && lchown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) == 0) chmod(path.c_str(), 0660);
}

}  // namespace

Result<std::unique_ptr<VarlinkServer>> VarlinkServer::open(Loop& loop, const std::string& path,
                                                           VarlinkInterface interface) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) return fail("the socket path is too long: " + path);
  path.copy(address.sun_path, path.size());
  if (auto removed = remove_stale(path); !removed) return tl::unexpected(removed.error());

  Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return fail_errno("cannot create a socket", errno);
  // bind() gives the file the socket's own mode less the umask, so it is never wider than this.
  if (fchmod(listener.get(), 0600) != 0 ||
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("cannot listen on " + path, errno,
                      "the folder must exist and be writable: run the agent as root");
  open_to_group(path);
  const int fd = listener.get();
  auto server = std::make_unique<Server>(loop, path, std::move(listener), std::move(interface));
  if (listen(fd, static_cast<int>(max_clients)) != 0) return fail_errno("cannot listen on " + path, errno);
  if (auto started = server->start(); !started) return tl::unexpected(started.error());
  return server;
}

}  // namespace ebb

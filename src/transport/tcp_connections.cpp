#include "transport/tcp_connections.hpp"

#include <netinet/tcp.h>

#include <cerrno>

#include "transport/name_lookup.hpp"

namespace glimt::transport {
namespace {

void set_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

Result<Peer> end_of(int fd, decltype(getpeername)* name, const Address& address) {
  SocketAddress at;
  at.length = sizeof at.storage;
  if (name(fd, reinterpret_cast<sockaddr*>(&at.storage), &at.length) != 0)
    return socket_error(address, "connection", errno);
  return peer_of(at);
}

class TcpConnector final : public Connector {
 public:
  TcpConnector(EventLoop& loop, const Address& address, const SocketAddress& where, int max_unsent_bytes,
               MakeChannel make_channel)
      : address_(address),
        where_(where),
        max_unsent_bytes_(max_unsent_bytes),
        make_channel_(std::move(make_channel)),
        lookup_(loop, address, [this](const SocketAddress& now_at) { where_ = now_at; }) {}

  Result<UniqueFd> connect() override {
    UniqueFd fd(socket(where_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return socket_error(address_, "socket", errno);
    if (::connect(fd.get(), where_.get(), where_.length) != 0 && errno != EINPROGRESS) {
      return socket_error(address_, "connect", errno);
    }
    return fd;
  }

  void look_up() override { lookup_.ask(); }

  bool has_met_itself(int fd) override {
    const auto here = end_of(fd, getsockname, address_), there = end_of(fd, getpeername, address_);
    if (!here || !there || here->ip != there->ip || here->port != there->port) return false;
    const linger at_once{1, 0};  // closed without TIME_WAIT, which would hold the port for a minute
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return true;
  }

  Result<Peer> admit(int fd) override {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, max_unsent_bytes_);
    // A peer whose host has gone says nothing: it is asked, and given up after six seconds without an answer.
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 3);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    return end_of(fd, getpeername, address_);
  }

  std::unique_ptr<Channel> make_channel(int fd) override { return make_channel_(fd); }

 private:
  const Address address_;
  SocketAddress where_;
  const int max_unsent_bytes_;
  const MakeChannel make_channel_;
  NameLookup lookup_;
};

}  // namespace

Result<std::unique_ptr<Transport>> open_tcp_connections(EventLoop& loop, const Address& address,
                                                        int max_unsent_bytes, MakeChannel make_channel) {
  const auto where = resolve(address);
  if (!where) return where.error();
  UniqueFd listener;
  if (address.role == Role::listen) {
    listener = UniqueFd(socket(where->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener) return socket_error(address, "socket", errno);
    set_option(listener.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (where->family() == AF_INET6) set_option(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (bind(listener.get(), where->get(), where->length) != 0) return socket_error(address, "bind", errno);
    if (listen(listener.get(), kBacklog) != 0) return socket_error(address, "listen", errno);
  }
  return std::unique_ptr<Transport>(std::make_unique<Connections>(
      loop, address,
      std::make_unique<TcpConnector>(loop, address, *where, max_unsent_bytes, std::move(make_channel)),
      std::move(listener)));
}

}  // namespace glimt::transport

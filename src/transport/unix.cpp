#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "transport/connections.hpp"
#include "wire/packet.hpp"

namespace glimt::transport {
namespace {

constexpr int kWantedBufferBytes = 1 << 20;
constexpr int kReceiveRounds = 64;  // then the other sockets have their turn

// A SEQPACKET message is a packet.
class UnixChannel final : public Channel {
 public:
  // `input`: shared by all channels.
  UnixChannel(int fd, std::vector<uint8_t>& input) : fd_(fd), input_(input) {}

  State send(std::span<const Gather> packets, size_t& accepted) override {
    accepted = 0;
    for (const Gather& packet : packets) {
      std::array<iovec, Gather::kMaxParts> vectors;
      for (size_t p = 0; p < packet.count; ++p) {
        vectors[p] = {const_cast<uint8_t*>(packet.parts[p].data()), packet.parts[p].size()};
      }
      msghdr message{};
      message.msg_iov = vectors.data();
      message.msg_iovlen = packet.count;
      if (sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? State::blocked : State::closed;
      }
      ++accepted;
    }
    return State::open;
  }

  State flush() override { return State::open; }

  State receive(Packets& packets) override {
    for (int round = 0; round < kReceiveRounds; ++round) {
      const ssize_t n = recv(fd_, input_.data(), input_.size(), MSG_DONTWAIT);
      if (n == 0) return State::closed;
      if (n < 0 && errno == ECONNRESET)
        continue;  // said once, ahead of what the other end sent before it left
      if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? State::open : State::closed;
      packets.on_packet(Bytes(input_).first(static_cast<size_t>(n)));
    }
    return State::open;
  }

 private:
  const int fd_;
  std::vector<uint8_t>& input_;
};

class UnixConnector final : public Connector {
 public:
  explicit UnixConnector(const Address& address) : address_(address) {}
  ~UnixConnector() override {
    if (address_.role == Role::listen) unlink(address_.path.c_str());
  }

  Result<UniqueFd> connect() override {
    UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return socket_error(address_, "socket", errno);
    const auto where = socket_address(address_);
    if (::connect(fd.get(), where.get(), where.length) != 0) return socket_error(address_, "connect", errno);
    return fd;
  }

  void look_up() override {}
  // The file's mode decides who may connect; 0600 admits only this user, whatever its
  // capabilities let it open.
  Result<Peer> admit(int fd) override {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kWantedBufferBytes, sizeof kWantedBufferBytes);
    ucred user{};
    socklen_t size = sizeof user;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &size) != 0)
      return socket_error(address_, "peer", errno);
    const bool shared = (address_.mode & 077) != 0;
    if (address_.role == Role::listen && !shared && user.uid != geteuid()) {
      return Error{ErrorKind::unauthenticated, address_.text + ": user " + std::to_string(user.uid) +
                                                   " was refused; admit others with ?mode=660 or ?mode=666"};
    }
    return Peer{};
  }

  std::unique_ptr<Channel> make_channel(int fd) override { return std::make_unique<UnixChannel>(fd, input_); }

  static SocketAddress socket_address(const Address& address) {
    SocketAddress where;
    auto& un = reinterpret_cast<sockaddr_un&>(where.storage);
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, address.path.c_str(), address.path.size() + 1);
    where.length = sizeof un;
    return where;
  }

 private:
  const Address address_;
  std::vector<uint8_t> input_ = std::vector<uint8_t>(wire::kMaxPacketBytes + 1);
};

// A socket file that nobody listens on any more is taken over; any other file is left alone.
Result<void> clear_stale(const Address& address, UnixConnector& connector) {
  struct stat file {};
  if (lstat(address.path.c_str(), &file) != 0) return {};
  if (!S_ISSOCK(file.st_mode)) {
    return Error{
        ErrorKind::invalid_argument,
        address.text + ": a file that is no socket is in the way; remove it, or choose another path"};
  }
  if (auto answered = connector.connect()) return socket_error(address, "bind", EADDRINUSE);
  unlink(address.path.c_str());
  return {};
}

}  // namespace

Result<std::unique_ptr<Transport>> open_unix(EventLoop& loop, const Address& address) {
  UniqueFd listener;
  if (address.role == Role::listen) {
    Address probe = address;
    probe.role = Role::connect;
    UnixConnector prober(probe);
    if (auto cleared = clear_stale(address, prober); !cleared) return cleared.error();
    listener = UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener) return socket_error(address, "socket", errno);
    fchmod(listener.get(), 0600);  // nobody else gets in between bind and chmod
    const auto where = UnixConnector::socket_address(address);
    if (bind(listener.get(), where.get(), where.length) != 0) return socket_error(address, "bind", errno);
    chmod(address.path.c_str(), address.mode);
    if (listen(listener.get(), kBacklog) != 0) return socket_error(address, "listen", errno);
  }
  return std::unique_ptr<Transport>(std::make_unique<Connections>(
      loop, address, std::make_unique<UnixConnector>(address), std::move(listener)));
}

Result<std::unique_ptr<Transport>> open_transport(EventLoop& loop, const Address& address) {
  switch (address.kind) {
    case Kind::udp:
      return open_udp(loop, address);
    case Kind::tcp:
      return address.wire == wire::WireFormat::native ? open_tcp(loop, address)
                                                      : open_byte_stream(loop, address);
    case Kind::unix_socket:
      return open_unix(loop, address);
  }
  return Error{ErrorKind::internal, "unknown kind of address"};
}

}  // namespace glimt::transport

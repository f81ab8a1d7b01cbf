#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "transport/descriptor_room.hpp"
#include "transport/framed_channel.hpp"
#include "transport/socket_file.hpp"
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
      if (!send_one(packet, -1))
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? State::blocked : State::closed;
      ++accepted;
    }
    return State::open;
  }

  bool pass(const Gather& packet, int fd) override { return send_one(packet, fd); }

  State flush() override { return State::open; }

  State receive(Packets& packets) override {
    for (int round = 0; round < kReceiveRounds; ++round) {
      iovec part{input_.data(), input_.size()};
      DescriptorRoom room;
      msghdr message = message_over(&part, 1);
      room.offer(message);
      const ssize_t n = recvmsg(fd_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
      UniqueFd fd = n < 0 ? UniqueFd() : take_descriptor(message);
      if (n == 0) return State::closed;
      if (n < 0 && errno == ECONNRESET)
        continue;  // said once, ahead of what the other end sent before it left
      if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? State::open : State::closed;
      const auto packet = Bytes(input_).first(static_cast<size_t>(n));
      if (fd) {
        packets.on_descriptor(packet, std::move(fd));
      } else {
        packets.on_packet(packet);
      }
    }
    return State::open;
  }

 private:
  bool send_one(const Gather& packet, int fd) const {
    std::array<iovec, Gather::kMaxParts> vectors;
    for (size_t p = 0; p < packet.count; ++p) {
      vectors[p] = {const_cast<uint8_t*>(packet.parts[p].data()), packet.parts[p].size()};
    }
    msghdr message = message_over(vectors.data(), packet.count);
    DescriptorRoom room;
    if (fd >= 0) room.put(message, fd);
    return sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
  }

  const int fd_;
  std::vector<uint8_t>& input_;
};

int type_of(const Address& address) { return address.byte_stream ? SOCK_STREAM : SOCK_SEQPACKET; }

class UnixConnector final : public Connector {
 public:
  UnixConnector(const Address& address, SocketFile file, MakeChannel make_channel)
      : address_(address), file_(std::move(file)), make_channel_(std::move(make_channel)) {}

  Result<UniqueFd> connect() override {
    UniqueFd fd(socket(AF_UNIX, type_of(address_) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return socket_error(address_, "socket", errno);
    const auto where = unix_socket_address(address_);
    if (::connect(fd.get(), where.get(), where.length) != 0) return socket_error(address_, "connect", errno);
    return fd;
  }

  void look_up() override {}
  // The file's mode decides who may connect; 0600 admits only this user, whatever its
  // capabilities let it open.
  Result<Peer> admit(int fd) override {
    const int buffer = address_.byte_stream ? kMaxFramedUnsentBytes : kWantedBufferBytes;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
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

  std::unique_ptr<Channel> make_channel(int fd) override { return make_channel_(fd); }
  bool passes() const override { return !address_.byte_stream; }

 private:
  const Address address_;
  const SocketFile file_;  // where this end listens
  const MakeChannel make_channel_;
};

MakeChannel message_channels() {
  return [input = std::make_shared<std::vector<uint8_t>>(wire::kMaxPacketBytes + 1)](int fd) {
    return std::make_unique<UnixChannel>(fd, *input);
  };
}

}  // namespace

Result<std::unique_ptr<Transport>> open_unix(EventLoop& loop, const Address& address) {
  BoundSocket bound;
  if (address.role == Role::listen) {
    auto opened = bind_socket_file(address, type_of(address));
    if (!opened) return opened.error();
    bound = std::move(*opened);
    if (listen(bound.fd.get(), kBacklog) != 0) return socket_error(address, "listen", errno);
  }
  auto connector = std::make_unique<UnixConnector>(
      address, std::move(bound.file), address.byte_stream ? framed_channels() : message_channels());
  return std::unique_ptr<Transport>(
      std::make_unique<Connections>(loop, address, std::move(connector), std::move(bound.fd)));
}

Result<std::unique_ptr<Transport>> open_transport(EventLoop& loop, const Address& address) {
  switch (address.kind) {
    case Kind::udp:
      return open_udp(loop, address);
    case Kind::tcp:
      return address.wire == wire::WireFormat::native ? open_tcp(loop, address)
                                                      : open_byte_stream(loop, address);
    case Kind::unix_socket:
      return address.wire == wire::WireFormat::native ? open_unix(loop, address)
                                                      : open_unix_datagram(loop, address);
  }
  return Error{ErrorKind::internal, "unknown kind of address"};
}

}  // namespace glimt::transport

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/log.hpp"
#include "transport/capabilities.hpp"
#include "transport/connections.hpp"
#include "transport/socket_file.hpp"

namespace glimt::transport {
namespace {

constexpr size_t kMaxDatagram = 65536;
constexpr int kReceiveRounds = 32;                                // then the other sockets have their turn
constexpr auto kLookForNewFile = std::chrono::milliseconds(250);  // while a connection stands

// This end listens: nobody connects, datagrams come from whoever may write to the file.
class UnixDatagramListener final : public Transport {
 public:
  UnixDatagramListener(EventLoop& loop, const Address& address, BoundSocket socket)
      : loop_(loop), address_(address), socket_(std::move(socket)) {}
  ~UnixDatagramListener() override { loop_.unwatch(socket_.fd.get()); }

  void start(Events& events) override {
    events_ = &events;
    loop_.watch(socket_.fd.get(), EPOLLIN, [this](uint32_t) {
      for (int round = 0; round < kReceiveRounds && !held_ && receive(); ++round) {
      }
    });
  }

  Sent send(const Peer&, std::span<const Gather> packets) override {
    return {packets.size()};
  }  // nobody to answer
  void disconnect(const Peer&) override {}
  // What is not read fills the queue, and whoever sends waits.
  void hold(const Peer&, bool on) override {
    if (held_ == on) return;
    held_ = on;
    loop_.change(socket_.fd.get(), on ? 0U : EPOLLIN);
  }
  void reroute() override {}
  Traits traits() const override { return {0, true, false}; }
  Counters counters() const override { return counters_; }

 private:
  bool receive() {
    iovec vector{input_.data(), input_.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control_.data();
    message.msg_controllen = control_.size();
    const ssize_t n = recvmsg(socket_.fd.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return errno == EINTR;
    const ucred sender = sender_of(message);
    if (admits(sender)) {
      Peer peer;
      peer.connection = static_cast<uint32_t>(sender.pid);
      events_->on_datagram(peer, Bytes(input_).first(static_cast<size_t>(n)), now());
    }
    return true;
  }

  // Takes descriptors that came along off this process' hands.
  static ucred sender_of(msghdr& message) {
    ucred sender{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET) continue;
      if (c->cmsg_type == SCM_CREDENTIALS) std::memcpy(&sender, CMSG_DATA(c), sizeof sender);
      for (size_t at = CMSG_LEN(0); c->cmsg_type == SCM_RIGHTS && at + sizeof(int) <= c->cmsg_len;
           at += sizeof(int)) {
        int fd = -1;
        std::memcpy(&fd, reinterpret_cast<uint8_t*>(c) + at, sizeof fd);
        close(fd);
      }
    }
    return sender;
  }

  // The file's mode decides who may send; 0600 admits only this user, whatever its capabilities let it open.
  bool admits(const ucred& sender) {
    const bool shared = (address_.mode & 077) != 0;
    if (shared || sender.uid == geteuid()) return true;
    if (counters_.refused_peers++ == 0) {
      log::warning("{}: user {} was refused; admit others with ?mode=660 or ?mode=666", address_.text,
                   sender.uid);
    }
    return false;
  }

  EventLoop& loop_;
  const Address address_;
  const BoundSocket socket_;
  Events* events_ = nullptr;
  bool held_ = false;
  Counters counters_;
  std::vector<uint8_t> input_ = std::vector<uint8_t>(kMaxDatagram);
  alignas(cmsghdr) std::array<uint8_t, 256> control_{};
};

// This end sends: connects again and again, and anew where another socket has come to stand under the path.
class UnixDatagramSender final : public Transport {
 public:
  UnixDatagramSender(EventLoop& loop, const Address& address)
      : loop_(loop), address_(address), timer_(loop, [this] { on_timer(); }) {}
  ~UnixDatagramSender() override { let_go(); }

  void start(Events& events) override {
    events_ = &events;
    timer_.set(Instant{});
  }

  Sent send(const Peer& to, std::span<const Gather> packets) override {
    Sent sent{packets.size()};  // into the void: on_disconnected was or will be told
    if (!fd_ || gone_ || to.connection != id_) return sent;
    sent = {0, blocked_};
    while (sent.packets < packets.size() && !sent.blocked) {
      if (send_one(packets[sent.packets])) {
        ++sent.packets;
      } else if (gone_) {
        sent.packets = packets.size();
      } else {
        sent.blocked = blocked_;
      }
    }
    return sent;
  }

  void disconnect(const Peer& peer) override {
    if (!fd_ || peer.connection != id_) return;
    let_go();
    timer_.set(now() + kConnectAgain);
  }

  void hold(const Peer&, bool) override {}
  void reroute() override {}
  Traits traits() const override { return {0, true, true}; }
  Counters counters() const override { return counters_; }

 private:
  // Whether the packet is through: sent, or not to be sent by anybody.
  bool send_one(const Gather& packet) {
    std::array<iovec, Gather::kMaxParts> vectors;
    for (size_t p = 0; p < packet.count; ++p)
      vectors[p] = {const_cast<uint8_t*>(packet.parts[p].data()), packet.parts[p].size()};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = packet.count;
    if (sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
    switch (errno) {
      case EINTR:
        return false;
      case EAGAIN:  // the receiver's queue or our buffer is full; epoll knows of both
      case ENOBUFS:
        block();
        return false;
      case EMSGSIZE:
        if (counters_.send_errors++ == 0)
          log::warning(
              "{}: the kernel takes no datagram of {} bytes; allow it with `sysctl -w net.core.wmem_max={}`",
              address_.text, packet.bytes, kWantedBufferBytes);
        return true;
      default:
        gone_ = true;  // told from the loop: this is the caller's turn
        timer_.set(Instant{});
        return false;
    }
  }

  void block() {
    blocked_ = true;
    if (errno == ENOBUFS) {
      timer_.set(now() + std::chrono::milliseconds(1));
    } else {
      loop_.change(fd_.get(), EPOLLOUT);
    }
  }

  void on_events(uint32_t what) {
    if (what & (EPOLLERR | EPOLLHUP)) {
      gone_ = true;
      on_timer();
    } else {
      unblock();
    }
  }

  void unblock() {
    if (!std::exchange(blocked_, false)) return;
    loop_.change(fd_.get(), 0);
    events_->on_writable(peer());
  }

  void on_timer() {
    if (!fd_) {
      try_connect();
      return;
    }
    const FileIdentity there = identity_of(address_.path);
    const bool replaced = there != file_ && there != FileIdentity{};
    if (gone_ || replaced) {
      const Peer former = peer();
      let_go();
      timer_.set(Instant{});
      events_->on_disconnected(
          former, {ErrorKind::disconnected,
                   address_.text + (gone_ ? ": the receiver has gone" : ": another receiver has come")});
      return;
    }
    timer_.set(now() + kLookForNewFile);
    unblock();
  }

  void try_connect() {
    timer_.set(now() + kConnectAgain);
    const FileIdentity there = identity_of(address_.path);
    UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto where = unix_socket_address(address_);
    if (!fd || connect(fd.get(), where.get(), where.length) != 0) {
      complain(socket_error(address_, fd ? "connect" : "socket", errno).message);
      return;
    }
    complaint_.clear();
    ask_for_buffer(fd.get(), SO_SNDBUF);  // of Unix sockets the sender's holds what is on its way
    fd_ = std::move(fd);
    file_ = there;
    ++id_;
    blocked_ = gone_ = false;
    loop_.watch(fd_.get(), 0, [this](uint32_t what) { on_events(what); });
    timer_.set(now() + kLookForNewFile);
    events_->on_connected(peer());
  }

  // Nobody listens yet: regular in any start order, said once.
  void complain(const std::string& what) {
    if (what == complaint_) return;
    complaint_ = what;
    log::debug("{}; trying again", what);
  }

  void let_go() {
    if (fd_) loop_.unwatch(fd_.get());
    fd_.reset();
  }
  Peer peer() const {
    Peer p;
    p.connection = id_;
    return p;
  }

  EventLoop& loop_;
  const Address address_;
  EventLoop::Timer timer_;
  Events* events_ = nullptr;
  UniqueFd fd_;  // of the connection that stands
  FileIdentity file_;
  uint32_t id_ = 0;
  bool blocked_ = false;
  bool gone_ = false;
  std::string complaint_;
  Counters counters_;
};

}  // namespace

Result<std::unique_ptr<Transport>> open_unix_datagram(EventLoop& loop, const Address& address) {
  if (address.role == Role::connect)
    return std::unique_ptr<Transport>(std::make_unique<UnixDatagramSender>(loop, address));
  auto bound = bind_socket_file(address, SOCK_DGRAM);
  if (!bound) return bound.error();
  const int one = 1;
  setsockopt(bound->fd.get(), SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
  return std::unique_ptr<Transport>(std::make_unique<UnixDatagramListener>(loop, address, std::move(*bound)));
}

}  // namespace glimt::transport

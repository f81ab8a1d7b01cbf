#include <netinet/udp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

#include "base/log.hpp"
#include "transport/capabilities.hpp"
#include "transport/multicast.hpp"
#include "transport/name_lookup.hpp"
#include "transport/transport.hpp"
#include "wire/packet.hpp"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace glimt::transport {
namespace {

constexpr size_t kMaxUdpPayload = 65507;
constexpr size_t kMaxSegments = 64;
constexpr size_t kMaxBatch = 64;
constexpr size_t kReceiveMessages = 16;
constexpr int kReceiveRounds = 4;                              // then the other sockets have their turn
constexpr auto kRerouteEvery = std::chrono::milliseconds(50);  // while the kernel takes no packet

void set_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

class Udp final : public Transport {
 public:
  Udp(EventLoop& loop, const Address& address, UniqueFd fd, const SocketAddress& remote)
      : loop_(loop),
        address_(address),
        fd_(std::move(fd)),
        family_(remote.family()),
        where_(remote),
        remote_(peer_of(remote)),
        lookup_(loop, address, [this](const SocketAddress& now_at) { move_to(now_at); }) {
    for (size_t i = 0; i < kReceiveMessages; ++i) {
      receive_vectors_[i] = {receive_memory_.data() + i * kMaxDatagram, kMaxDatagram};
    }
  }
  ~Udp() override { loop_.unwatch(fd_.get()); }

  void start(Events& events) override {
    events_ = &events;
    loop_.watch(fd_.get(), EPOLLIN, [this](uint32_t what) { on_events(what); });
    if (address_.role == Role::connect)
      loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) events_->on_connected(remote_);
      });
  }

  Sent send(const Peer& to, std::span<const Gather> packets) override {
    SocketAddress where;
    if (address_.role == Role::listen) where = socket_address_of(to, family_);
    Sent sent;
    while (sent.packets < packets.size() && !sent.blocked) {
      const auto rest = packets.subspan(sent.packets);
      sent.packets +=
          gso_ ? send_segments(where, rest, sent.blocked) : send_singles(where, rest, sent.blocked);
    }
    if (sent.blocked) {
      blocked_ = to;
      loop_.change(fd_.get(), EPOLLIN | EPOLLOUT);
    }
    return sent;
  }

  void disconnect(const Peer&) override {}
  void hold(const Peer&, bool) override {}

  void reroute() override {
    if (now() < next_reroute_) return;
    next_reroute_ = now() + kRerouteEvery;
    lookup_.ask();
    if (!leaves_from_here()) connect_anew();
  }

  Traits traits() const override {
    return {wire::kDatagramSymbolBytes, false, address_.role == Role::connect};
  }
  Counters counters() const override {
    Counters c = counters_;
    c.gso = gso_;
    return c;
  }

  void set_gro(bool on) { counters_.gro = on; }

 private:
  static constexpr size_t kMaxDatagram = 65536;
  using Control = std::array<uint8_t, 128>;

  // Packets of one size, of which the last may be shorter, leave as one datagram that kernel or card cuts up.
  size_t send_segments(const SocketAddress& where, std::span<const Gather> packets, bool& blocked) {
    size_t n = 0, bytes = 0, vectors = 0;
    const size_t segment = packets[0].bytes;
    while (n < packets.size() && n < kMaxSegments && bytes + packets[n].bytes <= kMaxUdpPayload &&
           packets[n].bytes <= segment) {
      for (size_t p = 0; p < packets[n].count; ++p) send_vectors_[vectors++] = vector_of(packets[n].parts[p]);
      bytes += packets[n].bytes;
      if (packets[n++].bytes < segment) break;
    }
    msghdr message = message_to(where, send_vectors_.data(), vectors);
    alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(uint16_t))> control{};
    if (n > 1) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_UDP;
      c->cmsg_type = UDP_SEGMENT;
      c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
      const auto size = static_cast<uint16_t>(segment);
      std::memcpy(CMSG_DATA(c), &size, sizeof size);
    }
    if (sendmsg(fd_.get(), &message, MSG_DONTWAIT) >= 0) return n;
    if (n > 1 && (errno == EIO || errno == EINVAL)) {
      log::debug("{}: this path takes no segmentation offload ({}); sending packet by packet", address_.text,
                 std::strerror(errno));
      gso_ = false;
      return 0;
    }
    return after_failure(n, blocked);
  }

  size_t send_singles(const SocketAddress& where, std::span<const Gather> packets, bool& blocked) {
    const size_t n = std::min(packets.size(), kMaxBatch);
    std::array<mmsghdr, kMaxBatch> messages{};
    size_t vectors = 0;
    for (size_t i = 0; i < n; ++i) {
      iovec* first = &send_vectors_[vectors];
      for (size_t p = 0; p < packets[i].count; ++p) send_vectors_[vectors++] = vector_of(packets[i].parts[p]);
      messages[i].msg_hdr = message_to(where, first, packets[i].count);
    }
    const int sent = sendmmsg(fd_.get(), messages.data(), static_cast<unsigned>(n), MSG_DONTWAIT);
    return sent > 0 ? static_cast<size_t>(sent) : after_failure(1, blocked);
  }

  // Packets to count as gone after a send failed. A datagram may be lost on any link; what the kernel would
  // not take is one more such loss, and only a full buffer is worth waiting for.
  size_t after_failure(size_t attempted, bool& blocked) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      blocked = true;
      return 0;
    }
    if (errno == EINTR) return 0;
    if (errno == ECONNREFUSED)
      return refused_once() ? 0 : attempted;  // told of an earlier packet; nobody is there yet
    counters_.send_errors += attempted;
    if (address_.role == Role::connect) {
      const int error = errno;
      reroute();
      errno = error;
    }
    if (errno != last_error_ && errno != EDESTADDRREQ) {  // nowhere to: said when it was opened
      last_error_ = errno;
      log::warning("{}", socket_error(address_, "cannot send", errno).message);
    }
    return attempted;
  }

  // Whether the socket's own address is the one that a new socket would have.
  bool leaves_from_here() const {
    const UniqueFd fresh(socket(family_, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fresh || !send_by_interface(fresh.get(), address_)) return true;
    if (::connect(fresh.get(), where_.get(), where_.length) != 0) return true;  // no better way
    return local_address(fresh.get()).ip == local_address(fd_.get()).ip;
  }
  static Peer local_address(int fd) {
    SocketAddress local;
    local.length = sizeof local.storage;
    getsockname(fd, reinterpret_cast<sockaddr*>(&local.storage), &local.length);
    return peer_of(local);
  }
  // A connected socket keeps its own address, also one that this machine has no more.
  void connect_anew() {
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    ::connect(fd_.get(), &nobody, sizeof nobody);
    if (!send_by_interface(fd_.get(), address_) || ::connect(fd_.get(), where_.get(), where_.length) != 0)
      return;     // asked again with the next reroute()
    gso_ = true;  // it was the way that took none
    log::info("{}: this machine's address has changed", address_.text);
  }
  void move_to(const SocketAddress& now_at) {
    const Peer peer = peer_of(now_at);
    if (peer == remote_ || now_at.family() != family_) return;
    const Peer former = std::exchange(remote_, peer);
    where_ = now_at;
    ::connect(fd_.get(), where_.get(), where_.length);
    if (!leaves_from_here()) connect_anew();
    log::info("{}: now at {}", address_.text, to_string(peer));
    events_->on_disconnected(former, {ErrorKind::disconnected, address_.text + ": its address has changed"});
    events_->on_connected(peer);
  }

  // ECONNREFUSED speaks of the past: the packet at hand is tried again, once.
  bool refused_once() { return was_refused_ = !was_refused_; }

  static iovec vector_of(Bytes b) { return {const_cast<uint8_t*>(b.data()), b.size()}; }
  msghdr message_to(const SocketAddress& where, iovec* vectors, size_t count) const {
    msghdr m{};
    if (where.length > 0) {
      m.msg_name = const_cast<sockaddr_storage*>(&where.storage);
      m.msg_namelen = where.length;
    }
    m.msg_iov = vectors;
    m.msg_iovlen = count;
    return m;
  }

  void on_events(uint32_t what) {
    if (what & EPOLLOUT) {
      loop_.change(fd_.get(), EPOLLIN);
      const Peer peer = blocked_;
      events_->on_writable(peer);
    }
    for (int round = 0; round < kReceiveRounds && (what & (EPOLLIN | EPOLLERR)); ++round) {
      if (!receive()) break;
    }
  }

  bool receive() {
    for (size_t i = 0; i < kReceiveMessages; ++i) {
      auto& m = receive_messages_[i].msg_hdr;
      m = {};
      m.msg_name = &receive_names_[i];
      m.msg_namelen = sizeof receive_names_[i];
      m.msg_iov = &receive_vectors_[i];
      m.msg_iovlen = 1;
      m.msg_control = receive_control_[i].data();
      m.msg_controllen = receive_control_[i].size();
    }
    const int n = recvmmsg(fd_.get(), receive_messages_.data(), kReceiveMessages, MSG_DONTWAIT, nullptr);
    if (n <= 0) return false;
    const Instant arrived = now();
    for (size_t i = 0; i < static_cast<size_t>(n); ++i) deliver(i, arrived);
    return static_cast<size_t>(n) == kReceiveMessages;
  }

  void deliver(size_t i, Instant arrived) {
    auto& message = receive_messages_[i];
    size_t segment = message.msg_len;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message.msg_hdr); c; c = CMSG_NXTHDR(&message.msg_hdr, c)) {
      if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
        int size = 0;
        std::memcpy(&size, CMSG_DATA(c), sizeof size);
        if (size > 0) segment = static_cast<size_t>(size);
      } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
        uint32_t drops = 0;
        std::memcpy(&drops, CMSG_DATA(c), sizeof drops);
        note_drops(drops);
      } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        arrived = std::min(arrived, by_kernel(c, arrived));
      }
    }
    SocketAddress from;
    from.storage = receive_names_[i];
    from.length = message.msg_hdr.msg_namelen;
    const Peer peer = address_.role == Role::connect ? remote_ : peer_of(from);
    Bytes rest{receive_memory_.data() + i * kMaxDatagram, message.msg_len};
    do {
      const Bytes datagram = rest.first(std::min(segment, rest.size()));
      rest = rest.subspan(datagram.size());
      events_->on_datagram(peer, datagram, arrived);
    } while (!rest.empty());
  }

  // The kernel's time, which goes on while this process does not, as a point of our clock.
  static Instant by_kernel(cmsghdr* c, Instant read_at) {
    timespec stamp{}, real{};
    std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
    clock_gettime(CLOCK_REALTIME, &real);
    return read_at - std::chrono::seconds(real.tv_sec - stamp.tv_sec) -
           std::chrono::nanoseconds(real.tv_nsec - stamp.tv_nsec);
  }

  void note_drops(uint32_t drops) {
    if (drops > 0 && counters_.kernel_drops == 0) {
      log::warning(
          "{}: the socket's receive buffer ran over; allow a larger one with `sysctl -w "
          "net.core.rmem_max={}`",
          address_.text, kWantedBufferBytes);
    }
    counters_.kernel_drops = drops;
  }

  EventLoop& loop_;
  const Address address_;
  const UniqueFd fd_;
  const int family_;
  SocketAddress where_;
  Peer remote_;
  NameLookup lookup_;
  Instant next_reroute_{};
  Events* events_ = nullptr;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);

  bool gso_ = true;
  bool was_refused_ = false;
  int last_error_ = 0;
  Peer blocked_;
  Counters counters_;
  std::array<iovec, kMaxBatch * Gather::kMaxParts> send_vectors_{};
  std::vector<uint8_t> receive_memory_ = std::vector<uint8_t>(kReceiveMessages * kMaxDatagram);
  std::array<mmsghdr, kReceiveMessages> receive_messages_{};
  std::array<iovec, kReceiveMessages> receive_vectors_{};
  std::array<sockaddr_storage, kReceiveMessages> receive_names_{};
  alignas(cmsghdr) std::array<Control, kReceiveMessages> receive_control_{};
};

Result<void> listen_at(int fd, const Address& address, const SocketAddress& where) {
  if (address.group)
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);  // each of this machine's receivers gets a copy
  if (bind(fd, where.get(), where.length) != 0) return socket_error(address, "bind", errno);
  return address.group ? join_group(fd, address, where) : Result<void>();
}

Result<void> connect_to(int fd, const Address& address, const SocketAddress& where) {
  if (auto by = send_by_interface(fd, address); !by) return by;
  if (connect(fd, where.get(), where.length) == 0) return {};
  if (errno != ENETUNREACH && errno != EHOSTUNREACH) return socket_error(address, "connect", errno);
  log::warning(
      "{}: there is no way to it yet ({}); still trying{}", address.text, std::strerror(errno),
      address.group && address.interface.empty() ? ". ?interface=eth0 names one (`ip link` lists them)" : "");
  return {};
}

}  // namespace

Result<std::unique_ptr<Transport>> open_udp(EventLoop& loop, const Address& address) {
  const auto where = resolve(address);
  if (!where) return where.error();
  UniqueFd fd(socket(where->family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return socket_error(address, "socket", errno);
  if (where->family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (address.wire == wire::WireFormat::native) {  // never IP fragments; countdown cannot go without
    if (where->family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
    set_option(fd.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
  }
  set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (address.wire == wire::WireFormat::countdown) set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
  const int granted = ask_for_buffer(fd.get(), SO_RCVBUF);
  ask_for_buffer(fd.get(), SO_SNDBUF);
  if (granted < kWantedBufferBytes) {
    log::debug(
        "{}: asked for a receive buffer of {} bytes and got {}; `sysctl -w net.core.rmem_max={}` allows it",
        address.text, kWantedBufferBytes, granted, kWantedBufferBytes);
  }
  const int one = 1;
  const bool gro = setsockopt(fd.get(), SOL_UDP, UDP_GRO, &one, sizeof one) == 0;
  const auto ready = address.role == Role::listen ? listen_at(fd.get(), address, *where)
                                                  : connect_to(fd.get(), address, *where);
  if (!ready) return ready.error();
  auto udp = std::make_unique<Udp>(loop, address, std::move(fd), *where);
  udp->set_gro(gro);
  return std::unique_ptr<Transport>(std::move(udp));
}

}  // namespace glimt::transport

#include "transport/connections.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <vector>

#include "base/log.hpp"
#include "wire/packet.hpp"

namespace glimt::transport {

Connections::Connections(EventLoop& loop, const Address& address, std::unique_ptr<Connector> connector,
                         UniqueFd listener)
    : loop_(loop),
      address_(address),
      connector_(std::move(connector)),
      listener_(std::move(listener)),
      retry_(loop, [this] { try_connect(); }) {}

Connections::~Connections() {
  if (listener_) loop_.unwatch(listener_.get());
  for (auto& [id, connection] : connections_) loop_.unwatch(connection.fd.get());
}

Transport::Traits Connections::traits() const {
  return {wire::kStreamSymbolBytes, true, address_.role == Role::connect, connector_->passes()};
}

void Connections::start(Events& events) {
  events_ = &events;
  if (listener_) {
    loop_.watch(listener_.get(), EPOLLIN, [this](uint32_t) { accept_all(); });
  } else {
    retry_.set(Instant{});
  }
}

void Connections::try_connect() {
  last_attempt_ = now();
  std::vector<uint32_t> hanging;
  for (const auto& [id, connection] : connections_) {
    if (connection.give_up_at <= last_attempt_) hanging.push_back(id);
  }
  for (const uint32_t id : hanging)
    close(id, {ErrorKind::unavailable, address_.text + ": nobody answers; is the host up?"});
  retry_.set(last_attempt_ + kConnectEvery);
  auto fd = connector_->connect();
  if (fd) {
    adopt(std::move(*fd), true);
    return;
  }
  // Nobody listens yet: regular in any start order, said once.
  if (fd.error().message != last_complaint_) {
    last_complaint_ = fd.error().message;
    log::debug("{}; trying again", last_complaint_);
  }
  connect_again(kConnectAgain);
}

void Connections::connect_again(Duration after) {
  connector_->look_up();
  retry_.set(std::max(now(), last_attempt_ + after));
}

void Connections::accept_all() {
  while (true) {
    UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE) {
        refuse({ErrorKind::exhausted,
                address_.text + ": no descriptors left for a further receiver; raise `ulimit -n`"});
      }
      return;
    }
    adopt(std::move(fd), false);
  }
}

void Connections::adopt(UniqueFd fd, bool connecting) {
  if (connections_.size() >= kMaxConnections) {
    refuse({ErrorKind::exhausted,
            address_.text + ": " + std::to_string(kMaxConnections) + " connections are the limit"});
    return;
  }
  const uint32_t id = next_id_++;
  const int raw = fd.get();
  auto& connection = connections_[id];
  connection.fd = std::move(fd);
  if (connecting) connection.give_up_at = now() + kConnectWithin;
  connection.peer.connection = id;
  loop_.watch(raw, connecting ? EPOLLOUT : EPOLLIN, [this, id](uint32_t what) { on_events(id, what); });
  if (!connecting) established(connection);
}

void Connections::established(Connection& connection) {
  const uint32_t id = connection.peer.connection;
  auto peer = connector_->admit(connection.fd.get());
  if (!peer) {
    ++counters_.refused_peers;
    const Error why = peer.error();
    if (why.message != last_complaint_) log::warning("{}", last_complaint_ = why.message);
    close(id, why);
    return;
  }
  if (!listener_) {  // the first that succeeds
    retry_.clear();
    std::vector<uint32_t> others;
    for (const auto& [other, c] : connections_) {
      if (other != id) others.push_back(other);
    }
    for (const uint32_t other : others) forget(other);
  }
  peer->connection = id;
  connection.peer = *peer;
  connection.give_up_at = Instant::max();
  connection.channel = connector_->make_channel(connection.fd.get());
  loop_.change(connection.fd.get(), EPOLLIN);
  last_complaint_.clear();
  events_->on_connected(connection.peer);
}

// A callback may disconnect the very peer whose packets are being delivered.
class Connections::Delivery final : public Channel::Packets {
 public:
  Delivery(Connections& connections, uint32_t id) : connections_(connections), id_(id) {}
  void on_packet(Bytes packet) override {
    if (const auto peer = sender()) connections_.events_->on_datagram(*peer, packet, arrived_);
  }
  void on_descriptor(Bytes packet, UniqueFd fd) override {
    if (const auto peer = sender())
      connections_.events_->on_descriptor(*peer, packet, std::move(fd), arrived_);
  }

 private:
  std::optional<Peer> sender() const {
    const auto found = connections_.connections_.find(id_);
    return found == connections_.connections_.end() ? std::nullopt : std::optional(found->second.peer);
  }

  Connections& connections_;
  const uint32_t id_;
  const Instant arrived_ = now();
};

void Connections::on_events(uint32_t id, uint32_t what) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if (!connection.channel) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0 && connector_->has_met_itself(connection.fd.get())) error = ECONNREFUSED;
    if (error == 0) {
      established(connection);
    } else {
      close(id, socket_error(address_, "connect", error));
    }
    return;
  }
  if (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    Delivery delivery(*this, id);
    // Held, because a callback may disconnect the peer while its channel is being read.
    const auto channel = connection.channel;
    const auto state = channel->receive(delivery);
    if (!connections_.contains(id)) return;
    if (state == Channel::State::closed) {
      close(id, {ErrorKind::disconnected, address_.text + ": the other end has closed the connection"});
      return;
    }
  }
  if ((what & EPOLLOUT) && connection.blocked) {
    const auto state = connection.channel->flush();
    if (state == Channel::State::closed) {
      close(id, {ErrorKind::disconnected, address_.text + ": the other end has closed the connection"});
    } else if (state == Channel::State::open) {
      connection.blocked = false;
      watch_again(connection);
      const Peer peer = connection.peer;
      events_->on_writable(peer);
    }
  }
}

Transport::Sent Connections::send(const Peer& to, std::span<const Gather> packets) {
  Sent sent;
  const auto found = connections_.find(to.connection);
  if (found == connections_.end() || !found->second.channel) {
    sent.packets = packets.size();  // into the void: on_disconnected was or will be told
    return sent;
  }
  Connection& connection = found->second;
  if (connection.blocked) {
    sent.blocked = true;
    return sent;
  }
  const auto state = connection.channel->send(packets, sent.packets);
  if (state == Channel::State::closed) {
    sent.packets = packets.size();  // the hang-up arrives as an event; closing here would pull the peer from
                                    // under the caller
  } else if (state == Channel::State::blocked) {
    connection.blocked = sent.blocked = true;
    watch_again(connection);
  }
  return sent;
}

bool Connections::pass(const Peer& to, const Gather& packet, int fd) {
  const auto found = connections_.find(to.connection);
  const bool open = found != connections_.end() && found->second.channel && !found->second.blocked;
  return open && found->second.channel->pass(packet, fd);
}

void Connections::hold(const Peer& peer, bool on) {
  const auto found = connections_.find(peer.connection);
  if (found == connections_.end() || found->second.held == on) return;
  found->second.held = on;
  watch_again(found->second);
}

void Connections::watch_again(const Connection& connection) {
  loop_.change(connection.fd.get(), (connection.held ? 0U : EPOLLIN) | (connection.blocked ? EPOLLOUT : 0U));
}

void Connections::disconnect(const Peer& peer) {
  if (!connections_.contains(peer.connection)) return;
  forget(peer.connection);
  if (!listener_) connect_again(kConnectAgain);
}

void Connections::close(uint32_t id, const Error& why) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const Peer peer = found->second.peer;
  const bool was_up = found->second.channel != nullptr;
  forget(id);
  if (!was_up && !listener_ && why.message != last_complaint_) {
    last_complaint_ = why.message;
    log::debug("{}; trying again", why.message);
  }
  if (!listener_) connect_again(kConnectAgain);
  if (was_up) events_->on_disconnected(peer, why);
}

void Connections::forget(uint32_t id) {
  const auto found = connections_.find(id);
  loop_.unwatch(found->second.fd.get());
  connections_.erase(found);
}

void Connections::refuse(const Error& why) {
  ++counters_.refused_peers;
  if (why.message != last_complaint_) log::warning("{}", last_complaint_ = why.message);
}

}  // namespace glimt::transport

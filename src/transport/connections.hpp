// Connections: what TCP and Unix sockets have in common: one end listens and takes many, the other
// connects, again and again.
//
//   A Channel turns one connected socket into packets; the Connector makes, admits and names sockets.
//   An attempt that hangs, because nobody says no, does not hold up the next: several are under way, each for
//   a second at most, and the first that succeeds is the connection.
//
//   threads  bound to the event loop's thread
//   memory   at most kMaxConnections; further ones are refused and counted
#pragma once

#include <memory>
#include <unordered_map>

#include "transport/transport.hpp"

namespace glimt::transport {

inline constexpr size_t kMaxConnections = 1024;
// After an attempt that was refused at once, and after one that got no answer yet.
inline constexpr auto kConnectAgain = std::chrono::milliseconds(50);
inline constexpr auto kConnectEvery = std::chrono::milliseconds(250);
// A process that was stopped for minutes finds its visitors waiting.
inline constexpr int kBacklog = 1024;
inline constexpr auto kConnectWithin = std::chrono::seconds(1);

class Channel {
 public:
  enum class State { open, blocked, closed };
  class Packets {
   public:
    virtual ~Packets() = default;
    virtual void on_packet(Bytes packet) = 0;
    virtual void on_descriptor(Bytes packet, UniqueFd fd) = 0;
  };

  virtual ~Channel() = default;
  // `accepted`: whole packets, from the front; the unsent end of one that was begun is kept
  // and sent by flush().
  virtual State send(std::span<const Gather> packets, size_t& accepted) = 0;
  virtual bool pass(const Gather&, int) { return false; }
  virtual State flush() = 0;
  // Until nothing more is there, but not forever. Bytes that break the framing close the channel.
  virtual State receive(Packets& packets) = 0;
};

class Connector {
 public:
  virtual ~Connector() = default;
  // A socket that has begun to connect without blocking.
  virtual Result<UniqueFd> connect() = 0;
  // The address may have changed.
  virtual void look_up() = 0;
  // Whether a connection of ours has met itself; it then ends without a trace. Where nobody listens at a port of this
  // machine, the kernel may give the connection that very port, and whoever wants to listen there finds it taken.
  virtual bool has_met_itself(int) { return false; }
  // Of an accepted or connected socket; an error refuses it.
  virtual Result<Peer> admit(int fd) = 0;
  virtual std::unique_ptr<Channel> make_channel(int fd) = 0;
  virtual bool passes() const { return false; }
};

class Connections final : public Transport {
 public:
  // `listener`: empty where this end connects.
  Connections(EventLoop& loop, const Address& address, std::unique_ptr<Connector> connector,
              UniqueFd listener);
  ~Connections() override;

  void start(Events& events) override;
  Sent send(const Peer& to, std::span<const Gather> packets) override;
  bool pass(const Peer& to, const Gather& packet, int fd) override;
  void disconnect(const Peer& peer) override;
  void hold(const Peer& peer, bool on) override;
  void reroute() override { connector_->look_up(); }
  Traits traits() const override;
  Counters counters() const override { return counters_; }

 private:
  struct Connection {
    UniqueFd fd;
    Peer peer;
    std::shared_ptr<Channel> channel;
    Instant give_up_at = Instant::max();  // while it connects
    bool blocked = false;
    bool held = false;
  };

  class Delivery;
  void try_connect();
  void connect_again(Duration after);
  void accept_all();
  void adopt(UniqueFd fd, bool connecting);
  void established(Connection& connection);
  void on_events(uint32_t id, uint32_t what);
  void close(uint32_t id, const Error& why);
  void forget(uint32_t id);
  void refuse(const Error& why);
  void watch_again(const Connection& connection);

  EventLoop& loop_;
  const Address address_;
  const std::unique_ptr<Connector> connector_;
  const UniqueFd listener_;
  Events* events_ = nullptr;
  EventLoop::Timer retry_;
  Instant last_attempt_{};
  std::unordered_map<uint32_t, Connection> connections_;
  uint32_t next_id_ = 1;
  Counters counters_;
  std::string last_complaint_;
};

}  // namespace glimt::transport

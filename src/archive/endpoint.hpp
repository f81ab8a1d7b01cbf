// Endpoint: one address of the server and its connections.
//
//   A connection says a request, gets its answer, and may say the next. With wire=pickle-i it is closed after its first.
//
//   input    requests; bytes that are none close the connection, are counted and, where it can be told who speaks so, said
//   output   answers as they are made, as fast as the connection takes them
//   errors   open: with the cure
//   threads  bound to the network thread
//   memory   a connection kMaxArchiveRequestBytes; a request in work as its playback says
#pragma once

#include <unordered_map>

#include "archive/playback.hpp"
#include "archive/server.hpp"
#include "transport/transport.hpp"

namespace glimt::archive {

class Endpoint final : private transport::Transport::Events {
 public:
  struct Options {
    ServerOptions server;
    size_t max_frame_bytes = size_t{64} << 20;
  };

  Endpoint(transport::EventLoop& loop, const Folder& folder, const Options& options, size_t& playbacks);
  ~Endpoint() override;
  // From any thread, as the destructor, which waits for the playbacks.
  Result<void> open(const transport::Address& address);
  // Before the destructor: nothing is said any more.
  void close();

  const transport::Address& address() const { return address_; }
  const ServerCounters& counters() const { return counters_; }

 private:
  struct Connection {
    transport::Peer peer;
    std::vector<uint8_t> input;  // of a request that has not come whole
    bool greeted = false;
    std::unique_ptr<Playback> playback;
    std::optional<Piece> piece;  // on its way
    size_t sent = 0;             // bytes of it
    bool blocked = false;
    bool last = false;  // closed once all is sent
    bool deaf = false;  // what still comes is thrown away
    Instant active_at{};
  };

  void on_datagram(const transport::Peer& from, Bytes bytes, Instant arrived_at) override;
  void on_connected(const transport::Peer& peer) override;
  void on_disconnected(const transport::Peer& peer, const Error& why) override;
  void on_writable(const transport::Peer& peer) override;

  bool is_pickled() const { return address_.wire == wire::WireFormat::pickle_i; }
  void take(Connection& connection);
  void take_pickled(Connection& connection);
  bool take_preface(Connection& connection);
  void take_message(Connection& connection, Bytes message);
  void start(Connection& connection, Playback::Work work);
  void refuse(Connection& connection, const std::string& why);
  void say(Connection& connection, Piece piece);

  // Sends what there is; the connection may be gone afterwards.
  void pump(uint32_t id);
  bool send_some(Connection& connection);
  void pump_all();
  void look_after();
  void make_room();
  void drop(uint32_t id);
  void let_go(std::unique_ptr<Playback> playback);

  transport::EventLoop& loop_;
  const Folder& folder_;
  const Options options_;
  size_t& playbacks_;  // in work, of all endpoints
  transport::Address address_;
  ServerCounters counters_;
  std::unordered_map<uint32_t, Connection> connections_;
  std::vector<std::unique_ptr<Playback>>
      leaving_;  // nobody wants them; their threads are not at their end yet
  std::string last_complaint_;
  bool closed_ = false;
  transport::EventLoop::Signal changed_;
  transport::EventLoop::Timer tick_;
  std::unique_ptr<transport::Transport> transport_;
};

}  // namespace glimt::archive

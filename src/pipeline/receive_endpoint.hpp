// ReceiveEndpoint: one address that is received from, and the sender that is served there at this moment.
//
//   input    datagrams
//   output   strips to a sink; what the sender is told
//   threads  bound to the network thread, but for construction
//   memory   one session and Admission's unproven peers
#pragma once

#include <functional>

#include "glimt/stats.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/receive_session.hpp"
#include "transport/transport.hpp"

namespace glimt::pipeline {

class ReceiveEndpoint final : public transport::Transport::Events {
 public:
  struct Options {
    transport::Address address;
    ReceiveSession::Options session;
  };
  enum class Change { connected, ended, lost };
  // What the rest of the receiver does for it.
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual uint64_t taken_units() const = 0;
    virtual Duration oldest_wait(Instant now) const = 0;
    virtual void on_change(Change change, const std::string& why) = 0;
  };

  ReceiveEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                  const Options& options, media::StripSink& sink, Reader& reader);
  void start() { transport_->start(*this); }
  void close();
  // Units were taken by the reader.
  void on_taken();
  void add_to(SubscriberStats& stats) const;

 private:
  void on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) override;
  void on_connected(const transport::Peer& peer) override;
  void on_disconnected(const transport::Peer& peer, const Error& why) override;
  void on_writable(const transport::Peer&) override {}

  // What is known of a sender that another one wants to follow.
  enum class Incumbent { none, there, asked, gone };

  bool is_current(const transport::Peer& from, uint32_t session) const;
  Incumbent look_for_incumbent(const transport::Peer& rival, Instant now);
  void on_stranger(const transport::Peer& from, const wire::Packet& packet, Instant now);
  void on_session_packet(const wire::Packet& packet, size_t bytes, Instant now);
  void make_session(const transport::Peer& peer, uint32_t own_session);
  void opened();
  void end_session(Change change, const std::string& why);
  void note_pause(Instant now);
  void sweep(Instant now);
  void schedule(Instant now);
  void poll();
  Association::Options association_options() const;

  const std::unique_ptr<transport::Transport> transport_;
  const Options options_;
  media::StripSink& sink_;
  Reader& reader_;
  transport::EventLoop::Timer timer_;
  Admission admission_;
  std::optional<ReceiveSession> session_;
  ReceiveSession::Counters former_;  // of sessions that ended
  Instant connected_at_{};           // of what this end has connected
  Instant incumbent_asked_{};        // whether it is still there, because of a rival
  Instant looks_up_at_ = Instant::max();
  uint64_t sessions_ = 0;
  uint64_t refused_ = 0;
  uint64_t stray_ = 0;
  std::string last_complaint_;
};

}  // namespace glimt::pipeline

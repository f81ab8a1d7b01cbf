// OneWayEndpoint: an address that is received from in Glimt's own wire by somebody who never answers: a multicast group, or a
// port that one-way senders name.
//
//   One stream is followed: the first that is heard, until it says CLOSE or has been silent for kFollowAnother; then the next
//   one. A stream is an address and the number that its sender chose at its start. Packets of others are stray.
//
//   input    datagrams
//   output   strips to a sink; not one byte into the transport
//   threads  bound to the network thread, but for construction
//   memory   one session; nothing for streams that are not followed
#pragma once

#include "pipeline/endpoint.hpp"
#include "pipeline/receive_session.hpp"

namespace glimt::pipeline {

class OneWayEndpoint final : public Endpoint {
 public:
  // More rides out a longer pause of the sender; after its restart pictures come again by so much later.
  static constexpr auto kFollowAnother = std::chrono::milliseconds(500);

  OneWayEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                 const Options& options, media::StripSink& sink, Reader& reader);
  void start() override { transport_->start(*this); }
  void close() override;
  void on_taken() override {}
  void add_to(SubscriberStats& stats) const override;

 private:
  void on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) override;
  void on_connected(const transport::Peer&) override {}
  void on_disconnected(const transport::Peer&, const Error&) override {}
  void on_writable(const transport::Peer&) override {}

  bool is_followed(const transport::Peer& from, uint32_t session) const;
  bool may_follow(const transport::Peer& from, const wire::Packet& packet, Instant now) const;
  void follow(const transport::Peer& from, uint32_t session);
  void take(const wire::Packet& packet, size_t bytes, Instant now);
  void end_session(Change change, const std::string& why);
  void complain_of_hello();
  void note_pause(Instant now);
  void poll(Instant now);

  const std::unique_ptr<transport::Transport> transport_;
  const Options options_;
  media::StripSink& sink_;
  Reader& reader_;
  transport::EventLoop::Timer timer_;
  std::optional<ReceiveSession> session_;
  Instant silent_since_{};  // of what is followed; while this process was stopped nobody was silent
  Instant looks_up_at_ = Instant::max();
  ReceiveSession::Counters former_;  // of sessions that ended
  // What said CLOSE last: packets of it may still be on their way.
  transport::Peer closed_peer_;
  uint32_t closed_session_ = 0;
  uint64_t sessions_ = 0;
  uint64_t refused_ = 0;
  uint64_t stray_ = 0;
  bool has_complained_ = false;
};

}  // namespace glimt::pipeline

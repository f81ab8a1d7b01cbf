// NativeEndpoint: an address that is received from in Glimt's own wire: sessions, reports, clocks.
//
//   input    datagrams
//   output   strips to a sink; what the sender is told
//   threads  bound to the network thread, but for construction
//   memory   one session and Admission's unproven peers
#pragma once

#include "pipeline/admission.hpp"
#include "pipeline/endpoint.hpp"
#include "pipeline/receive_session.hpp"

namespace glimt::pipeline {

class NativeEndpoint final : public Endpoint {
 public:
  NativeEndpoint(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                 const Options& options, media::StripSink& sink, Reader& reader);
  void start() override { transport_->start(*this); }
  void close() override;
  void take_units(bool on) override;
  void on_taken() override;
  void add_to(SubscriberStats& stats) const override;

 private:
  void on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) override;
  void on_descriptor(const transport::Peer& from, Bytes datagram, UniqueFd fd, Instant arrived_at) override;
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
  void meet_anew(const std::string& why);
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
  bool takes_units_;
  bool shares_ = false;         // the sender has handed over a frame channel
  bool shared_before_ = false;  // and would again
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

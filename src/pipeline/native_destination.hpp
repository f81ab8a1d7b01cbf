// NativeDestination: an address of a stream in Glimt's own wire: a session, with reports and a clock, for each receiver.
//
//   input    units of the stream, cut for this transport; datagrams of receivers
//   output   packets to each receiver at its own pace
//   threads  bound to the network thread
//   memory   kMaxReceivers sessions and Admission's unproven peers
#pragma once

#include <map>

#include "pipeline/admission.hpp"
#include "pipeline/destination.hpp"
#include "pipeline/send_session.hpp"

namespace glimt::pipeline {

class NativeDestination final : public Destination {
 public:
  static constexpr size_t kMaxReceivers = 1024;

  NativeDestination(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                    const Options& options, Stream& stream);
  void start() override;
  void close(wire::CloseReason reason) override;

  packetize::Packetizer::Options packetizer_options() const override {
    return {wire::WireFormat::native, transport_->traits().symbol_bytes};
  }
  void offer(const Ref<packetize::SymbolUnit>& unit) override;
  void pump() override;

  size_t receivers() const override;
  size_t sharing_receivers() const override;
  size_t ready_receivers() const override;
  size_t every_receivers() const override;
  bool wants_key() const override;
  bool drained() const override;
  DestinationStats stats() const override;

 private:
  void on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) override;
  void on_connected(const transport::Peer& peer) override;
  void on_disconnected(const transport::Peer& peer, const Error& why) override;
  void on_writable(const transport::Peer& peer) override;

  SendSession* find(const transport::Peer& from, uint32_t session);
  SendSession* find_by_peer(const transport::Peer& from);
  void on_stranger(const transport::Peer& from, const wire::Packet& packet, Instant now);
  void on_session_packet(SendSession& session, const wire::Packet& packet, Instant now);
  void admit(const transport::Peer& from, const Admission::Admitted& admitted, Instant now);
  SendSession& add(const transport::Peer& peer, uint32_t own_session);
  void start_session(SendSession& session);
  bool share(SendSession& session);
  void stop_sharing(SendSession& session);
  SendSession::Counters counters_of(const SendSession& session) const;
  ReceiverStats stats_of(const SendSession& session) const;
  void let_go(SendSession& session, std::string_view why);
  void sweep(Instant now);
  void turn_away(SendSession& session, wire::CloseReason reason);
  void drop_connection(const transport::Peer& peer);
  void note_pause(Instant now);
  void give_up_silence(Instant now);
  bool pump_sessions(Instant now);
  void pump_session(SendSession& session, Instant now);
  void schedule();
  Association::Options association_options() const;
  packetize::Pacer::Options pacing(const transport::Peer& peer) const;

  const std::unique_ptr<transport::Transport> transport_;
  const Options options_;
  Stream& stream_;
  transport::EventLoop::Timer timer_;
  Admission admission_;
  std::map<uint32_t, std::unique_ptr<SendSession>> sessions_;  // by our number
  uint32_t last_pumped_ = 0;
  bool pumps_on_ = false;  // some sessions have not had their turn
  packetize::PacketBatch batch_;
  Instant connected_at_{};  // of what this end has connected
  Instant looks_up_at_ = Instant::max();
  uint64_t refused_ = 0;
  uint64_t stray_ = 0;
  DestinationStats gone_;  // what sessions that ended had counted
};

}  // namespace glimt::pipeline

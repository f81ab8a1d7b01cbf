// OneWayDestination: an address of a stream in Glimt's own wire that never answers: a multicast group, or a host that was asked
// not to. It is sent to whether anybody is there or not, and counts as one receiver.
//
//   input    units of the stream, cut for this transport; what comes back all the same is counted and thrown away
//   output   packets at the address' pace, under a number that is new at each start; parity of a fixed share. Of codecs whose
//            pictures depend on each other a key frame each second, for whoever joins
//   threads  bound to the network thread
//   memory   one session's
#pragma once

#include "pipeline/destination.hpp"
#include "pipeline/send_session.hpp"

namespace glimt::pipeline {

class OneWayDestination final : public Destination {
 public:
  OneWayDestination(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                    const Options& options, Stream& stream);
  void start() override { transport_->start(*this); }
  void close(wire::CloseReason reason) override;

  packetize::Packetizer::Options packetizer_options() const override {
    return {wire::WireFormat::native, transport_->traits().symbol_bytes};
  }
  void offer(const Ref<packetize::SymbolUnit>& unit) override;
  void pump() override;

  size_t receivers() const override { return session_ ? 1 : 0; }
  size_t ready_receivers() const override { return session_ && session_->ready() ? 1 : 0; }
  size_t every_receivers() const override { return 0; }
  bool wants_key() const override;
  bool drained() const override { return !session_ || session_->drained(); }
  DestinationStats stats() const override;

 private:
  void on_datagram(const transport::Peer&, Bytes, Instant) override { ++gone_.stray; }
  void on_connected(const transport::Peer& peer) override;
  void on_disconnected(const transport::Peer& peer, const Error& why) override;
  void on_writable(const transport::Peer&) override { pump(); }

  void on_timer();
  void schedule(Instant now);
  packetize::Pacer::Options pacing(const transport::Peer& peer) const;

  const std::unique_ptr<transport::Transport> transport_;
  const Options options_;
  Stream& stream_;
  transport::EventLoop::Timer timer_;
  packetize::PacketBatch batch_;
  std::optional<SendSession> session_;  // from the first turn of the loop on
  Instant key_at_{};                    // the newest key frame was offered then
  DestinationStats gone_;               // what was counted while the host had another address
};

}  // namespace glimt::pipeline

// PlainDestination: an address of a stream in a wire without sessions: whoever is connected gets pictures, and says
// nothing.
//
//   latest   each receiver has one picture on its way and the newest behind it
//   every    each picture goes out to a lone receiver, and the source waits for it; of several, one that has no
//            room goes without
//
//   input    units of the stream, cut for this wire; what a receiver says all the same is thrown away
//   output   pictures, whole or not at all, as fast as the socket takes them; a receiver that has gone is let go at once
//   threads  bound to the network thread, but for construction
//   memory   a queue of units a receiver; the transport bounds their number
#pragma once

#include <unordered_map>

#include "packetize/pacer.hpp"
#include "packetize/send_queue.hpp"
#include "pipeline/destination.hpp"

namespace glimt::pipeline {

class PlainDestination final : public Destination {
 public:
  PlainDestination(transport::EventLoop& loop, std::unique_ptr<transport::Transport> transport,
                   const Options& options, Stream& stream);
  void start() override { transport_->start(*this); }
  void close(wire::CloseReason reason) override;

  packetize::Packetizer::Options packetizer_options() const override { return {options_.address.wire, 0}; }
  void offer(const Ref<packetize::SymbolUnit>& unit) override;
  void pump() override;

  size_t receivers() const override { return receivers_.size(); }
  size_t ready_receivers() const override;
  size_t every_receivers() const override { return options_.mode == Mode::every ? receivers_.size() : 0; }
  bool drained() const override;
  DestinationStats stats() const override;

 private:
  struct Receiver {
    Receiver(const transport::Peer& p, Mode mode, const packetize::Pacer::Options& pacing)
        : peer(p), queue({.mode = mode}), pacer(pacing), counted{transport::to_string(p), mode} {}

    transport::Peer peer;
    packetize::SendQueue queue;
    packetize::Pacer pacer;
    std::optional<Sequence> begun;  // whose first packet was paced
    bool blocked = false;
    ReceiverStats counted;
  };

  void on_datagram(const transport::Peer& from, Bytes datagram, Instant arrived_at) override;
  void on_connected(const transport::Peer& peer) override;
  void on_disconnected(const transport::Peer& peer, const Error& why) override;
  void on_writable(const transport::Peer& peer) override;

  void pump(Receiver& receiver, Instant now);
  size_t send_some(Receiver& receiver, packetize::SymbolUnit& unit, size_t room, Instant now);
  void schedule();
  packetize::Pacer::Options pacing(const transport::Peer& peer) const;

  const std::unique_ptr<transport::Transport> transport_;
  const Options options_;
  Stream& stream_;
  transport::EventLoop::Timer timer_;
  std::unordered_map<uint32_t, Receiver> receivers_;  // by connection
  DestinationStats gone_;                             // what receivers that have gone had counted
};

}  // namespace glimt::pipeline

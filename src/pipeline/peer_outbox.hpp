// PeerOutbox: control packets to one peer of a transport; and what both ends agree on about peers.
//
//   input    whole packets
//   threads  bound to the network thread
#pragma once

#include "pipeline/association.hpp"
#include "transport/transport.hpp"

namespace glimt::pipeline {

inline constexpr auto kGoneAfter = std::chrono::seconds(3);  // of silence
// A connection that this end made and that is silent for so long is given up for a fresh one: TCP itself may take
// minutes to notice.
inline constexpr auto kGiveUpAfter = std::chrono::seconds(1);
// A living peer answers HELLO and CLOCK: after so much silence the end that connects looks for another way to it.
inline constexpr auto kRerouteAfter = std::chrono::milliseconds(200);
// An end looks up at least so often; one that is late by more was stopped.
inline constexpr auto kLookUpEvery = std::chrono::milliseconds(200);
inline constexpr auto kPaused = std::chrono::milliseconds(300);

class PeerOutbox final : public Outbox {
 public:
  // Both outlive the outbox.
  PeerOutbox(transport::Transport& transport, const transport::Peer& to) : transport_(transport), to_(to) {}

  bool send(Bytes packet) override {
    const Gather whole = Gather::of(packet);
    return packet.empty() || transport_.send(to_, {&whole, 1}).packets == 1;
  }
  // How often a good-bye is said: a datagram may be lost.
  int close_repeats() const { return transport_.traits().reliable ? 1 : 3; }

 private:
  transport::Transport& transport_;
  const transport::Peer& to_;
};

}  // namespace glimt::pipeline

// Admission: how a listening end comes to trust an address. A HELLO is answered with one no longer than
// itself, under a number that only the asker's address hears; whoever writes that number back is there.
//
//   A connection whose peer does not come to be trusted within kProveWithin is to be closed: it would take a
//   place for nothing.
//
//   input    HELLO packets without a session, packets with a number that is not a session's; connections; now
//   output   answers; the peer's HELLO once it has proven itself; connections to close
//   threads  thread-compatible
//   memory   kMaxPending unproven peers, the oldest gives way; an entry a connection
#pragma once

#include <map>

#include "base/ring.hpp"
#include "pipeline/association.hpp"
#include "transport/address.hpp"

namespace glimt::pipeline {

class Admission {
 public:
  static constexpr size_t kMaxPending = 256;
  static constexpr auto kProveWithin = std::chrono::seconds(3);

  // A HELLO from a peer without a session. The answer is in `buffer`; empty where it deserves none.
  Bytes on_hello(const transport::Peer& from, const wire::Packet& packet, const Association::Options& own,
                 std::span<uint8_t> buffer);
  static Bytes make_close(std::span<uint8_t> buffer, uint32_t peer_session, wire::CloseReason reason);

  struct Admitted {
    uint32_t session = 0;
    wire::Hello hello;
  };
  // A packet that bears `session`; forgets the pending peer where it is the one.
  std::optional<Admitted> on_proof(const transport::Peer& from, uint32_t session);

  // A connection stands, or is without a session again.
  void on_connected(const transport::Peer& peer, Instant now);
  void on_disconnected(const transport::Peer& peer) { connections_.erase(peer.connection); }
  // A connection whose time is over, one by one.
  std::optional<transport::Peer> overdue(Instant now);
  Instant next_overdue() const;

 private:
  struct Pending {
    transport::Peer peer;
    Admitted admitted;
  };
  struct Connection {
    transport::Peer peer;
    Instant prove_by;
  };
  Ring<Pending> pending_{kMaxPending};
  std::map<uint32_t, Connection> connections_;  // by number
};

}  // namespace glimt::pipeline

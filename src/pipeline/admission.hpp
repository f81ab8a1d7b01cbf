// Admission: how a listening end comes to trust an address. A HELLO is answered with one no longer than
// itself, under a number that only the asker's address hears; whoever writes that number back is there.
//
//   input    HELLO packets without a session, packets with a number that is not a session's; now
//   output   answers; the peer's HELLO once it has proven itself
//   threads  thread-compatible
//   memory   kMaxPending unproven peers, the oldest gives way
#pragma once

#include "base/ring.hpp"
#include "pipeline/association.hpp"
#include "transport/address.hpp"

namespace glimt::pipeline {

class Admission {
 public:
  static constexpr size_t kMaxPending = 256;

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

 private:
  struct Pending {
    transport::Peer peer;
    Admitted admitted;
  };
  Ring<Pending> pending_{kMaxPending};
};

}  // namespace glimt::pipeline

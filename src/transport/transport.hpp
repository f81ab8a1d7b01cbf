// Transport: moves datagrams to and from peers. UDP, TCP with a length before each, Unix SEQPACKET; for the
// wires of others also Unix datagrams, and TCP as it is.
//
//   input    gathered packets, whole or not at all; a packet that was accepted is never cut
//   output   datagrams as views, good during the call; connections that come and go
//   errors   open() with the cure; later faults end a connection and are told as on_disconnected
//   threads  bound to the event loop's thread, but for open()
//   memory   1 MB to receive into; a connection at most one unfinished packet each way
#pragma once

#include <memory>
#include <span>

#include "base/gather.hpp"
#include "base/unique_fd.hpp"
#include "transport/address.hpp"
#include "transport/event_loop.hpp"

namespace glimt::transport {

class Transport {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    virtual void on_datagram(const Peer& from, Bytes datagram, Instant arrived_at) = 0;
    // With a descriptor beside it, which closes again where nobody wants it. Unix sockets only.
    virtual void on_descriptor(const Peer&, Bytes, UniqueFd, Instant) {}
    // A connection stands; with UDP: the named peer, once, when the transport starts to connect.
    virtual void on_connected(const Peer& peer) = 0;
    virtual void on_disconnected(const Peer& peer, const Error& why) = 0;
    // After send() was blocked.
    virtual void on_writable(const Peer& peer) = 0;
  };

  struct Traits {
    size_t symbol_bytes = 0;
    bool reliable = false;  // in order, complete
    bool connects = false;  // this end begins the conversation
    bool passes = false;    // descriptors, and with them memory
  };
  struct Sent {
    size_t packets = 0;    // accepted, from the front
    bool blocked = false;  // no room: on_writable will come
  };
  struct Counters {
    uint64_t kernel_drops = 0;   // the receive buffer was full
    uint64_t send_errors = 0;    // datagrams that the kernel would not take
    uint64_t refused_peers = 0;  // connections that were not admitted
    bool gso = false, gro = false;
  };

  virtual ~Transport() = default;
  // Events come from the first turn of the loop on, until destruction.
  virtual void start(Events& events) = 0;
  virtual Sent send(const Peer& to, std::span<const Gather> packets) = 0;
  // With a descriptor beside it, which the other end gets a copy of. False where it was not accepted.
  virtual bool pass(const Peer&, const Gather&, int) { return false; }
  virtual void disconnect(const Peer& peer) = 0;
  // Nothing more is read from this connection until it is let go again, so that the other end has to wait. What was
  // read already may still come. Of datagrams nobody can be made to wait.
  virtual void hold(const Peer& peer, bool on) = 0;
  // Nothing comes from the peer that this end connects to: its name is looked up again, and the way to it begins
  // at the address that this machine has now. Called as often as one likes.
  virtual void reroute() = 0;
  virtual Traits traits() const = 0;
  virtual Counters counters() const = 0;
};

// Blocks on DNS; not on the loop's thread.
Result<std::unique_ptr<Transport>> open_transport(EventLoop& loop, const Address& address);

Result<std::unique_ptr<Transport>> open_udp(EventLoop& loop, const Address& address);
Result<std::unique_ptr<Transport>> open_tcp(EventLoop& loop, const Address& address);
Result<std::unique_ptr<Transport>> open_unix(EventLoop& loop, const Address& address);
// A Unix socket that takes datagrams of anybody who may write to its file; a peer that sends is told by its process.
Result<std::unique_ptr<Transport>> open_unix_datagram(EventLoop& loop, const Address& address);
// TCP without framing: what is sent is a run of bytes, at best of 64 KB or less; what arrives are the bytes
// that were there, cut anywhere.
Result<std::unique_ptr<Transport>> open_byte_stream(EventLoop& loop, const Address& address);

}  // namespace glimt::transport

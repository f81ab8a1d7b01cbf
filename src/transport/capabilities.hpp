// Capabilities: what sockets can do on this machine, tried out rather than looked up.
//
//   output   facts; a trial sends two datagrams to itself over loopback
//   errors   none: what cannot be done is a fact
//   units    bytes
//   threads  thread-safe; blocks for half a second at most
#pragma once

#include <cstdint>

namespace glimt::transport {

// What a UDP socket asks for in each direction: a burst of ten encoded 1080p frames.
inline constexpr int kWantedBufferBytes = 4 << 20;

// Asks for kWantedBufferBytes as `name`, SO_RCVBUF or SO_SNDBUF, and gives what was granted, in the bytes that were asked for
// (the kernel reports twice that, for its own bookkeeping).
int ask_for_buffer(int fd, int name);

struct SocketCapabilities {
  bool udp = false;  // a datagram came through loopback
  int receive_buffer_bytes = 0, send_buffer_bytes = 0;
  bool gso = false;  // the kernel cut one send into segments
  bool gro = false;  // and handed them over as one
  bool ipv6 = false;
  uint64_t descriptors = 0;       // that this process may have open
  uint64_t most_descriptors = 0;  // that `ulimit -n` may raise it to
};

SocketCapabilities try_sockets();

// A port that is free at this moment for both UDP and TCP on loopback; 0 where there is none.
uint16_t free_port();

}  // namespace glimt::transport

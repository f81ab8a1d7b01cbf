// Pacer: spreads the packets to one receiver over time, in batches that a small switch can hold.
//
//   input    a target rate; what was sent
//   output   how many packets are due at `now`, and when to ask next
//   units    bits per second, bytes
//   errors   none
//   threads  thread-compatible; never blocks, reads no clock
//   memory   none
#pragma once

#include <cstddef>

#include "base/clock.hpp"

namespace glimt::packetize {

class Pacer {
 public:
  struct Options {
    // 0 sends without a pause. More empties a frame sooner; a burst over what the narrowest
    // switch holds is lost.
    double rate_bps = 500e6;
    // Packets that leave together. More saves system calls and needs deeper switch buffers: 16 are 18 kB.
    size_t batch = 16;
  };

  explicit Pacer(Options options) : options_(options), rate_bps_(options.rate_bps) {}

  // A frame of `bytes` begins, or has grown to so many; the next is expected after `interval`: it leaves within 0.9 of that even where
  // the rate is lower, because a queue that grows from frame to frame helps nobody. `interval` 0: unknown.
  void begin_frame(size_t bytes, Duration interval);

  // Packets that may leave now; SIZE_MAX where unpaced.
  size_t due(Instant now) const;
  void sent(size_t bytes, Instant now);
  // When due() is next above 0.
  Instant next() const { return free_at_; }

 private:
  const Options options_;
  double rate_bps_;
  Instant free_at_{};
};

}  // namespace glimt::packetize

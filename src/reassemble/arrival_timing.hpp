// ArrivalTiming: how long a packet that is missing may still be on its way around others, and how long a sender pauses within a
// frame, as the last packets have shown it.
//
//   input    numbers of packets as they come, none twice; whether the frame is the same as that of the packet before
//   output   the reorder window; the silence after which nothing more of a frame comes
//   threads  thread-compatible; reads no clock
//   memory   32 gaps
#pragma once

#include "base/clock.hpp"
#include "base/ring.hpp"

namespace glimt::reassemble {

class ArrivalTiming {
 public:
  static constexpr Duration kShortest = std::chrono::microseconds(1500);
  static constexpr Duration kLongest = std::chrono::milliseconds(15);

  void note(uint64_t number, bool same_frame, Instant now);

  // 1.5 ms where nothing is overtaken; else a quarter more than the latest that came in the last ten seconds.
  Duration window(Instant now) const;
  bool reorders(Instant now) const { return window(now) > kShortest; }
  // At least the window, and twice the longest pause within a frame.
  Duration silence(Instant now) const;

 private:
  struct Gap {
    uint64_t first = 0, last = 0;  // numbers that were passed over
    Instant at{};
  };

  Ring<Gap> gaps_{32};
  uint64_t highest_ = 0;
  Instant highest_at_{};
  Duration lateness_{}, pause_{};
  Instant late_at_{};
};

}  // namespace glimt::reassemble

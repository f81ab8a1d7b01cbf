// FrameRhythm: when the next frame should have begun, as the last ones have shown it. Were it lost whole, nothing else would tell
// before the one after it comes.
//
//   input    the first packet of each frame that is newer than all before; now
//   output   when the next frame is overdue
//   threads  thread-compatible; reads no clock
//   memory   none
#pragma once

#include "base/clock.hpp"
#include "base/sequence.hpp"

namespace glimt::reassemble {

class FrameRhythm {
 public:
  void note(Sequence frame, Instant now);
  // Instant::max() while frames come in no rhythm.
  Instant next_by() const;
  Duration interval() const { return interval_; }

 private:
  Sequence newest_;
  Instant at_{};
  Duration interval_{}, deviation_{};
  int samples_ = 0;
};

}  // namespace glimt::reassemble

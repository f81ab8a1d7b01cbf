// FrameRateLimit: which pictures stay where at most so many a second are wanted: spread as evenly as those that come let them be.
//
//   input    capture times, in order
//   output   whether that picture stays; over any time no more than the rate says, and one
//   units    frames per second
//   errors   none. A capture time that is far before the last one begins anew: it is of another source
//   threads  thread-compatible; reads no clock
//   memory   none
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace glimt::hub {

class FrameRateLimit {
 public:
  // Nothing: all stay.
  void set(std::optional<double> fps);
  bool stays(Instant captured_at);

 private:
  std::optional<double> fps_;
  Duration interval_{};
  Instant previous_{};
  std::optional<Instant> due_;  // of the next picture that stays
};

}  // namespace glimt::hub

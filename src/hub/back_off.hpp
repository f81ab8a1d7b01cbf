// BackOff: how long to wait before something that failed is tried again: twice as long each time, and never quite as long as others
// that failed with it.
//
//   output   waits: the first between kFirst / 2 and kFirst, at last between kLast / 2 and kLast
//   errors   none
//   threads  thread-compatible; reads no clock
//   memory   none
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace glimt::hub {

class BackOff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLast = std::chrono::seconds(5);

  // The same waits for the same seed.
  explicit BackOff(uint64_t seed) : state_(seed) {}

  // After a failure.
  Duration next();
  // It works: the next failure is the first again.
  void reset() { longest_ = kFirst; }

 private:
  uint64_t state_;
  Duration longest_ = kFirst;
};

}  // namespace glimt::hub

// BackOff: when to try again what failed, later each time, and not all at the same moment.
//
//   output   the wait before the next attempt: doubled each time up to the longest, then shortened by chance to between
//            half and all of it
//   errors   none
//   threads  thread-compatible; reads no clock, and no chance but its seed
//   memory   none
#pragma once

#include <random>

#include "base/clock.hpp"

namespace glimt::hub {

class BackOff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLongest = std::chrono::seconds(5);

  explicit BackOff(uint64_t seed) : random_(seed) {}

  Duration next();
  // It worked.
  void reset() { wait_ = kFirst; }

 private:
  std::minstd_rand random_;
  Duration wait_ = kFirst;
};

}  // namespace glimt::hub

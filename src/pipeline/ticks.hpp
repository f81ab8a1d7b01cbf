// Ticks: says once a second that a second is over. After a pause there is no second tick at once.
//
//   threads  thread-compatible; reads no clock
#pragma once

#include "base/clock.hpp"

namespace glimt::pipeline {

class Ticks {
 public:
  explicit Ticks(Instant begin) : next_(begin + kEvery) {}
  bool due(Instant at) {
    if (at < next_) return false;
    next_ += kEvery;
    if (next_ <= at) next_ = at + kEvery;
    return true;
  }

 private:
  static constexpr auto kEvery = std::chrono::seconds(1);
  Instant next_;
};

}  // namespace glimt::pipeline

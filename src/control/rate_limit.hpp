// RateLimit: a token bucket. A second's worth may come at once.
//
//   units    calls a second; 0: no limit
//   threads  thread-compatible; reads no clock
//   memory   fixed
#pragma once

#include "base/clock.hpp"

namespace glimt::control {

class RateLimit {
 public:
  explicit RateLimit(int per_second) : per_second_(per_second), left_(per_second) {}

  // Whether one more may pass at `now`; then it counts.
  bool take(Instant now);

 private:
  const double per_second_;
  double left_;
  Instant filled_{};  // when `left_` was true
};

}  // namespace glimt::control

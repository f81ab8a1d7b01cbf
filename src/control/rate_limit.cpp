#include "control/rate_limit.hpp"

#include <algorithm>

namespace glimt::control {

bool RateLimit::take(Instant now) {
  if (per_second_ <= 0) return true;
  if (now > filled_) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    left_ = std::min(per_second_, left_ + seconds * per_second_);
    filled_ = now;
  }
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

}  // namespace glimt::control

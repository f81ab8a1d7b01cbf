#include "hub/back_off.hpp"

#include <algorithm>

namespace glimt::hub {

Duration BackOff::next() {
  const Duration longest = wait_;
  wait_ = std::min(wait_ * 2, kLongest);
  return Duration(std::uniform_int_distribution<int64_t>(longest.count() / 2, longest.count())(random_));
}

}  // namespace glimt::hub

#include "hub/back_off.hpp"

#include <algorithm>

namespace glimt::hub {
namespace {

// SplitMix64: any seed will do, also 0 and those that follow each other.
uint64_t draw(uint64_t& state) {
  uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

}  // namespace

Duration BackOff::next() {
  const double share = static_cast<double>(draw(state_) >> 11) * 0x1p-53;  // 0 to 1, 1 excluded
  const Duration half = longest_ / 2;
  const Duration wait = half + Duration(static_cast<int64_t>(static_cast<double>(half.count()) * share));
  longest_ = std::min(longest_ * 2, kLast);
  return wait;
}

}  // namespace glimt::hub

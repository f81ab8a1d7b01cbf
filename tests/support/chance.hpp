// Chance: numbers that look random and are the same each time, from a seed.
//
//   threads  thread-compatible
#pragma once

#include <cstdint>
#include <limits>

namespace glimt::test {

class Chance {
 public:
  using result_type = uint64_t;
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return std::numeric_limits<uint64_t>::max(); }

  explicit Chance(uint64_t seed) : state_(seed) {}
  uint64_t operator()() {  // SplitMix64
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }
  // 0 to 1, 1 excluded.
  double share() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
  bool happens(double probability) { return probability > 0 && share() < probability; }

 private:
  uint64_t state_;
};

}  // namespace glimt::test

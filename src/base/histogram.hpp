// Histogram: percentiles of durations, within 1.6 %, in fixed memory.
//
//   input    durations from 0 to 17 minutes; shorter counts as 0, longer as the longest
//   output   percentiles, with n
//   units    microseconds inside, milliseconds out
//   threads  thread-compatible
//   memory   6 KB, no allocation
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.hpp"
#include "glimt/stats.hpp"

namespace glimt {

class Histogram {
 public:
  void add(Duration d);
  void clear() { *this = Histogram(); }
  uint64_t count() const { return count_; }
  // The duration below or at which `share` (0..1) of all lie; 0 where there are none.
  Duration quantile(double share) const;
  Percentiles percentiles() const;

 private:
  // Log-linear: 64 buckets of 1 us, then 32 for each further power of two.
  static constexpr int kLinearBits = 6;
  static constexpr int kMaxBits = 30;
  static constexpr size_t kBuckets = (size_t{1} << kLinearBits) + (kMaxBits - kLinearBits) * 32;
  static size_t bucket_of(uint64_t us);
  static uint64_t middle_of(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  uint64_t max_us_ = 0;
};

}  // namespace glimt

#include "base/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace glimt {

size_t Histogram::bucket_of(uint64_t us) {
  if (us < (1u << kLinearBits)) return us;
  const int bits = static_cast<int>(std::bit_width(us));  // 7 and up
  const uint64_t within = (us >> (bits - 6)) - 32;
  return (1u << kLinearBits) + static_cast<size_t>(bits - kLinearBits - 1) * 32 + within;
}

uint64_t Histogram::middle_of(size_t bucket) {
  if (bucket < (1u << kLinearBits)) return bucket;
  const size_t above = bucket - (1u << kLinearBits);
  const int bits = static_cast<int>(above / 32) + kLinearBits + 1;
  const uint64_t low = (32 + above % 32) << (bits - 6);
  return low + (uint64_t{1} << (bits - 6)) / 2;
}

void Histogram::add(Duration d) {
  const int64_t raw = std::chrono::duration_cast<std::chrono::microseconds>(d).count();
  const uint64_t us =
      std::min<uint64_t>(static_cast<uint64_t>(std::max<int64_t>(raw, 0)), (1u << kMaxBits) - 1);
  ++buckets_[bucket_of(us)];
  ++count_;
  max_us_ = std::max(max_us_, us);
}

Duration Histogram::quantile(double share) const {
  if (count_ == 0) return Duration::zero();
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::chrono::microseconds(std::min(middle_of(i), max_us_));
  }
  return std::chrono::microseconds(max_us_);
}

Percentiles Histogram::percentiles() const {
  return {count_, to_ms(quantile(0.50)), to_ms(quantile(0.95)), to_ms(quantile(0.99)),
          to_ms(std::chrono::microseconds(max_us_))};
}

}  // namespace glimt

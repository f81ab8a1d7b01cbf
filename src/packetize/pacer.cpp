#include "packetize/pacer.hpp"

#include <algorithm>
#include <cstdint>

namespace glimt::packetize {
namespace {

Duration time_of(double bits, double rate_bps) {
  return Duration(static_cast<int64_t>(bits / rate_bps * 1e9));
}

}  // namespace

void Pacer::begin_frame(size_t bytes, Duration interval) {
  rate_bps_ = options_.rate_bps;
  if (rate_bps_ <= 0 || interval <= Duration::zero()) return;
  const double within = 0.9 * std::chrono::duration<double>(interval).count();
  rate_bps_ = std::max(rate_bps_, static_cast<double>(bytes) * 8 / within);
}

size_t Pacer::due(Instant now) const {
  if (rate_bps_ <= 0) return SIZE_MAX;
  return now >= free_at_ ? options_.batch : 0;
}

void Pacer::sent(size_t bytes, Instant now) {
  if (rate_bps_ <= 0) return;
  const Duration busy = time_of(static_cast<double>(bytes) * 8, rate_bps_);
  // A timer that woke late by up to one batch does not lower the rate; a longer pause earns no burst.
  free_at_ = (now - free_at_ <= busy ? free_at_ : now) + busy;
}

}  // namespace glimt::packetize

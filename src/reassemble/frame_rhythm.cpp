#include "reassemble/frame_rhythm.hpp"

#include <algorithm>

namespace glimt::reassemble {
namespace {

constexpr int kEnough = 8;
// So many frames in a row that were lost whole are a pause of the sender, and say nothing of its rhythm.
constexpr int32_t kPause = 8;

}  // namespace

// Mean and mean deviation as RFC 6298 has them.
void FrameRhythm::note(Sequence frame, Instant now) {
  const int32_t steps = frame - newest_;
  if (at_ != Instant{} && steps > 0 && steps < kPause) {
    const Duration sample = (now - at_) / steps;
    if (samples_ == 0) interval_ = sample;
    deviation_ += ((sample > interval_ ? sample - interval_ : interval_ - sample) - deviation_) / 4;
    interval_ += (sample - interval_) / 8;
    samples_ = std::min(samples_ + 1, kEnough);
  }
  newest_ = frame;
  at_ = now;
}

Instant FrameRhythm::next_by() const {
  const bool steady = samples_ == kEnough && deviation_ * 4 < interval_;
  return steady ? at_ + interval_ + 4 * deviation_ : Instant::max();
}

}  // namespace glimt::reassemble

#include "reassemble/arrival_timing.hpp"

#include <algorithm>

namespace glimt::reassemble {
namespace {

constexpr Duration kRemembers = std::chrono::seconds(10);

}  // namespace

void ArrivalTiming::note(uint64_t number, bool same_frame, Instant now) {
  if (number > highest_) {
    if (highest_ > 0 && number > highest_ + 1) gaps_.push_newest({highest_ + 1, number - 1, now});
    // What was longest once is forgotten within some hundred packets.
    if (highest_ > 0) pause_ = std::max(pause_ - pause_ / 256, same_frame ? now - highest_at_ : Duration{});
    highest_ = number;
    highest_at_ = now;
    return;
  }
  for (size_t i = 0; i < gaps_.size(); ++i) {
    if (number < gaps_[i].first || number > gaps_[i].last) continue;
    const Duration late = now - gaps_[i].at;
    if (now - late_at_ > kRemembers) lateness_ = {};
    if (late * 2 >= lateness_) late_at_ = now;
    lateness_ = std::max(lateness_, late);
    return;
  }
}

Duration ArrivalTiming::window(Instant now) const {
  const Duration late = now - late_at_ > kRemembers ? Duration{} : lateness_;
  return std::clamp(late * 5 / 4, kShortest, kLongest);
}

Duration ArrivalTiming::silence(Instant now) const {
  return std::max(window(now), std::min(pause_ * 2, kLongest));
}

}  // namespace glimt::reassemble

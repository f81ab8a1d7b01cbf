#include "hub/frame_rate_limit.hpp"

#include <algorithm>
#include <utility>

namespace glimt::hub {

void FrameRateLimit::set(std::optional<double> fps) {
  if (fps == fps_) return;
  fps_ = fps;
  due_.reset();
  if (fps) interval_ = Duration(static_cast<int64_t>(1e9 / *fps));
}

bool FrameRateLimit::stays(Instant captured_at) {
  if (!fps_) return true;
  const Duration apart = captured_at - std::exchange(previous_, captured_at);
  const bool begins = !due_ || *due_ - captured_at > 2 * interval_;
  // A camera's times waver: a picture that is a little early, and nearer than the next one will be, is the one that is due.
  const Duration early = std::clamp<Duration>(apart / 2, Duration::zero(), interval_ / 4);
  if (!begins && captured_at < *due_ - early) return false;
  // On the beat, so that the rate holds; after a pause there is none to keep to.
  const bool on_beat = !begins && captured_at - *due_ <= interval_;
  due_ = (on_beat ? *due_ : captured_at) + interval_;
  return true;
}

}  // namespace glimt::hub

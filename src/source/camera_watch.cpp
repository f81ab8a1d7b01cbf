#include "source/camera_watch.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace glimt::source {
namespace {

constexpr double kBlackBelow = 10;  // of 255: a covered sensor's noise stays under it
constexpr Duration kSlightlyAhead = std::chrono::milliseconds(20);  // drivers estimate

const char* advice(SourceState state) {
  switch (state) {
    case SourceState::flowing:
      return "";
    case SourceState::black:
      return "gives black pictures; is the lens cap or privacy shutter closed, or the light off?";
    case SourceState::stalled:
      return "is open but gives no picture; if that lasts, unplug it and plug it in again";
    case SourceState::damaged:
      return "gives damaged pictures only; try a shorter cable, another USB port or a smaller --size";
    case SourceState::gone:
      return "was pulled out; plug it in again, then the stream goes on";
    case SourceState::busy:
      return "is used by another program; close that one, then the stream goes on";
    case SourceState::forbidden:
      return "may not be opened by this user any more; join the group video";
    case SourceState::broken:
      return "fails; unplug it and plug it in again, `glimt doctor` tells what it answers";
  }
  return "";
}

}  // namespace

void CameraWatch::enter(SourceState state, Instant at) {
  if (state == stats_.state) return;
  if (state == SourceState::flowing) {
    log::info("{}: pictures again after {:.1f} s", name_, to_ms(at - trouble_since_) / 1000);
  } else {
    if (stats_.state == SourceState::flowing) trouble_since_ = at;
    log::warning("{} {}", name_, advice(state));
  }
  stats_.state = state;
}

void CameraWatch::opened(double fps, Instant at) {
  if (fps > 0) stalled_after_ = std::max(kStalledAfter, Duration(static_cast<int64_t>(4e9 / fps)));
  silent_since_ = at;
  black_since_.reset();
  if (was_lost_) ++stats_.reopened;
  was_lost_ = false;
}

void CameraWatch::failed(SourceState why, Instant at) {
  enter(why, at);
  was_lost_ = true;
  next_attempt_ = at + back_off_;
  back_off_ = std::min(back_off_ * 2, kLastBackOff);
}

Instant CameraWatch::captured_at(Instant by_driver, Instant at) {
  if (by_driver <= at && at - by_driver <= kOldestStamp) return by_driver;
  if (by_driver > at && by_driver - at <= kSlightlyAhead) return at;
  if (!stamps_are_said_) {
    log::warning(
        "{}: its driver's time stamps are not of the monotonic clock; pictures are stamped when they "
        "arrive, so the time that the camera takes is not seen",
        name_);
  }
  stamps_are_said_ = true;
  return at;
}

void CameraWatch::picture(Instant captured_at, Instant at) {
  newest_ = captured_at;
  silent_since_ = at;
  back_off_ = kFirstBackOff;
  if (stats_.state != SourceState::black) enter(SourceState::flowing, at);
}

void CameraWatch::refused(Instant at) {
  ++stats_.refused;
  refused_at_ = at;
  nothing(at);
}

void CameraWatch::nothing(Instant at) {
  const Duration silent = at - silent_since_;
  if (silent < stalled_after_) return;
  const bool tries = refused_at_ > silent_since_ && at - refused_at_ < stalled_after_;
  enter(tries ? SourceState::damaged : SourceState::stalled, at);
}

bool CameraWatch::wants_brightness(Instant at) {
  if (at < look_at_) return false;
  look_at_ = at + kLookForBlackEvery;
  return true;
}

void CameraWatch::brightness(double mean, Instant at) {
  if (mean >= kBlackBelow) {
    black_since_.reset();
    if (stats_.state == SourceState::black) enter(SourceState::flowing, at);
    return;
  }
  if (!black_since_) black_since_ = at;
  if (at - *black_since_ >= kBlackAfter) enter(SourceState::black, at);
}

SourceStats CameraWatch::stats(Instant at) const {
  SourceStats stats = stats_;
  if (newest_ != Instant{}) stats.age = std::max(Duration::zero(), at - newest_);
  return stats;
}

}  // namespace glimt::source

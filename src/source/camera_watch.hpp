// CameraWatch: tells a camera's troubles apart, says each once, and when to try again.
//
//   input    what happened to the camera, and when
//   output   its state and counters; warnings for people, one an occurrence; when to open it anew
//   units    Instant
//   errors   none
//   threads  thread-compatible; reads no clock
//   memory   none
#pragma once

#include "base/clock.hpp"
#include "source/frame_source.hpp"

namespace glimt::source {

class CameraWatch {
 public:
  // Open and silent for so long is stalled. Four frames, where a camera is slower than four a second.
  static constexpr Duration kStalledAfter = std::chrono::seconds(1);
  // Silent for so long, it is closed and opened anew: some cameras take two seconds to their first picture.
  static constexpr Duration kReopenAfter = std::chrono::seconds(5);
  static constexpr Duration kBlackAfter = std::chrono::seconds(2);
  static constexpr Duration kLookForBlackEvery = std::chrono::seconds(1);
  static constexpr Duration kFirstBackOff = std::chrono::milliseconds(100);
  static constexpr Duration kLastBackOff = std::chrono::seconds(2);
  // Where a driver's time stamp is further off than this, it is none of this clock.
  static constexpr Duration kOldestStamp = std::chrono::seconds(3);

  explicit CameraWatch(std::string name) : name_(std::move(name)) {}

  void opened(double fps, Instant at);
  // It was lost, or did not open; closed until next_attempt().
  void failed(SourceState why, Instant at);
  Instant next_attempt() const { return next_attempt_; }

  // The capture time to trust: the driver's, or `at` where that cannot be.
  Instant captured_at(Instant by_driver, Instant at);
  void picture(Instant captured_at, Instant at);
  void refused(Instant at);
  void nothing(Instant at);
  bool wants_reopening(Instant at) const {
    return at - silent_since_ >= kReopenAfter + (stalled_after_ - kStalledAfter);
  }

  // Whether this picture is one to look at, and what was seen.
  bool wants_brightness(Instant at);
  void brightness(double mean, Instant at);  // of 255

  SourceStats stats(Instant at) const;

 private:
  void enter(SourceState state, Instant at);

  const std::string name_;
  SourceStats stats_;
  Duration stalled_after_ = kStalledAfter;
  Instant trouble_since_{}, silent_since_{}, refused_at_{};
  Instant newest_{};  // capture time; Instant{} before the first
  bool was_lost_ = false;
  bool stamps_are_said_ = false;
  Duration back_off_ = kFirstBackOff;
  Instant next_attempt_{};
  Instant look_at_{};
  std::optional<Instant> black_since_;
};

}  // namespace glimt::source

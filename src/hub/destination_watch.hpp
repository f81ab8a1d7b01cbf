// DestinationWatch: how a destination fares, judged by what it has counted.
//
//   input    samples: whether it could be opened, its counters, and how many pictures its stream had for it
//   output   its state and why, and whether either is another than before
//   units    Instant
//   errors   none
//   threads  thread-compatible; reads no clock
//   memory   none
#pragma once

#include "base/clock.hpp"
#include "hub/state.hpp"

namespace glimt::hub {

class DestinationWatch {
 public:
  // A receiver that gets nothing for so long, while its stream has pictures, is stalled.
  static constexpr Duration kStalledAfter = std::chrono::seconds(2);

  // `other_side`: what the receiver is to be started with.
  DestinationWatch(std::string other_side, Instant at) : other_side_(std::move(other_side)), since_(at) {}

  // True where state or reason are another than before.
  bool refused(const std::string& why, Instant at);
  // `offered`: pictures that the stream had since it began, sent or left out.
  bool sample(const DestinationStats& stats, uint64_t offered, Instant at);

  DestinationState state() const { return state_; }
  const std::string& why() const { return why_; }
  Instant since() const { return since_; }

 private:
  bool enter(DestinationState state, std::string why, Instant at);

  std::string other_side_;
  DestinationState state_ = DestinationState::connecting;
  std::string why_;
  Instant since_;
  uint64_t frames_ = 0, offered_ = 0;  // when the newest picture reached a receiver
  Instant fed_at_{};                   // then, or when the receiver came
};

}  // namespace glimt::hub

// ClockOffset: the other end's clock against ours, from four-stamp probes, with its bound.
//
//   input    answered probes and when they came back; the other end's clock id
//   output   offset (theirs minus ours), its bound (half the best round trip of the last eight), RTT
//   units    microseconds
//   threads  thread-compatible; reads no clock
//   memory   eight probes
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/ring.hpp"
#include "wire/hello.hpp"

namespace glimt::feedback {

class ClockOffset {
 public:
  struct Estimate {
    int64_t offset_us = 0;
    int64_t bound_us = 0;
  };

  // Both ends read the same clock: the offset is 0 and certain.
  void set_same_clock(bool same) { same_clock_ = same; }
  void add(const wire::Clock& answer, Instant back_at);

  std::optional<Estimate> estimate() const;
  // Least of the last eight; empty before the first answer.
  std::optional<Duration> rtt() const;
  // A time of their clock in ours; unchanged where the offset is not known.
  Instant to_ours(Instant theirs) const;

 private:
  struct Probe {
    int64_t rtt_us = 0;
    int64_t offset_us = 0;
  };
  const Probe* best() const;

  bool same_clock_ = false;
  Ring<Probe> probes_{8};
};

}  // namespace glimt::feedback

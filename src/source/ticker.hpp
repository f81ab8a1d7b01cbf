// Ticker: the beat of sources that have no clock of their own.
//
//   A beat that was missed by more than one interval is left out, so that a source that was held up does not
//   hurry after it.
//
//   threads  wait() is bound to one thread; interrupt() is thread-safe
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace glimt::source {

class Ticker {
 public:
  explicit Ticker(double fps) : interval_(static_cast<int64_t>(1e9 / fps)) {}

  // False where it was interrupted.
  bool wait();
  void interrupt();

 private:
  const Duration interval_;
  Instant next_{};  // the first beat is at once
  Mutex m_;
  Condition interrupted_changed_;
  bool interrupted_ GLIMT_GUARDED_BY(m_) = false;
};

}  // namespace glimt::source

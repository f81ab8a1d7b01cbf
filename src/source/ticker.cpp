#include "source/ticker.hpp"

namespace glimt::source {

bool Ticker::wait() {
  if (next_ == Instant{}) next_ = now();
  MutexLock lock(m_);
  while (!interrupted_ && now() < next_) interrupted_changed_.wait_until(m_, next_);
  next_ += interval_;
  if (const Instant at = now(); next_ + interval_ < at) next_ = at;
  return !interrupted_;
}

void Ticker::interrupt() {
  MutexLock lock(m_);
  interrupted_ = true;
  interrupted_changed_.notify_all();
}

}  // namespace glimt::source

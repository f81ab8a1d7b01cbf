#include "feedback/clock_offset.hpp"

#include <algorithm>

namespace glimt::feedback {

void ClockOffset::add(const wire::Clock& answer, Instant back_at) {
  const int64_t back_us = to_us(back_at);
  const int64_t rtt = (back_us - answer.asked_us) - (answer.answered_us - answer.received_us);
  if (rtt < 0 || rtt > 60'000'000) return;  // stamps that cannot be true
  const int64_t offset = ((answer.received_us - answer.asked_us) + (answer.answered_us - back_us)) / 2;
  probes_.push_newest({rtt, offset});
}

const ClockOffset::Probe* ClockOffset::best() const {
  const Probe* best = nullptr;
  for (size_t i = 0; i < probes_.size(); ++i) {
    if (!best || probes_[i].rtt_us < best->rtt_us) best = &probes_[i];
  }
  return best;
}

std::optional<ClockOffset::Estimate> ClockOffset::estimate() const {
  if (same_clock_) return Estimate{0, 0};
  const Probe* p = best();
  if (!p) return std::nullopt;
  return Estimate{p->offset_us, (p->rtt_us + 1) / 2};
}

std::optional<Duration> ClockOffset::rtt() const {
  const Probe* p = best();
  if (!p) return std::nullopt;
  return std::chrono::microseconds(p->rtt_us);
}

Instant ClockOffset::to_ours(Instant theirs) const {
  const auto e = estimate();
  return e ? theirs - std::chrono::microseconds(e->offset_us) : theirs;
}

}  // namespace glimt::feedback

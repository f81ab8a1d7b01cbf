#include "feedback/arrival_log.hpp"

#include <algorithm>

namespace glimt::feedback {

bool ArrivalLog::add(uint64_t number, Instant now) {
  if (number == 0) return false;
  if (first_ == 0) {
    first_ = highest_ = number;
    reported_up_to_.fill(number - 1);
  } else if (number > highest_) {
    // Numbers that fall out of the window without having come are lost.
    for (uint64_t i = 1; i <= std::min<uint64_t>(number - highest_, kWindow); ++i) {
      if (const uint64_t n = highest_ + i; n - first_ >= kWindow && !came(n - kWindow)) ++lost_;
    }
    if (number - highest_ > kWindow) lost_ += number - highest_ - kWindow;
    highest_ = number;
  } else if (number + kWindow <= highest_ || came(number)) {
    return false;
  }
  first_ = std::min(first_, number);  // the first to come may have overtaken others
  entries_[number % kWindow] = {number, now};
  ++received_;
  return true;
}

uint64_t ArrivalLog::newest_before(Instant limit) const {
  for (uint64_t i = 0; i < std::min<uint64_t>(highest_, kWindow); ++i) {
    const uint64_t number = highest_ - i;
    if (came(number) && entries_[number % kWindow].at <= limit) return number;
  }
  return 0;
}

void ArrivalLog::report(wire::Feedback& to, Instant now, Duration window, size_t most) {
  to.highest_number = highest_;
  to.packets = static_cast<uint32_t>(received_);
  const uint64_t last = newest_before(now - window);
  const uint64_t wanted = reported_up_to_[0] + 1;
  const uint64_t possible = last + 1 - std::min<uint64_t>(last, most);
  auto& a = to.arrivals;
  a.first = std::max({wanted, possible, first_});
  a.count = first_ == 0 || a.first > last ? 0 : static_cast<uint16_t>(last - a.first + 1);
  for (size_t i = 0; i < a.count; ++i) {
    const uint64_t number = a.first + i;
    if (!came(number)) {
      a.before_16us[i] = wire::Arrivals::kLost;
      continue;
    }
    const auto before =
        std::chrono::duration_cast<std::chrono::microseconds>(now - entries_[number % kWindow].at) / 16;
    a.before_16us[i] =
        static_cast<uint16_t>(std::clamp<int64_t>(before.count(), 0, wire::Arrivals::kLost - 1));
  }
  std::rotate(reported_up_to_.begin(), reported_up_to_.begin() + 1, reported_up_to_.end());
  reported_up_to_.back() = std::max(reported_up_to_[1], last);
}

}  // namespace glimt::feedback

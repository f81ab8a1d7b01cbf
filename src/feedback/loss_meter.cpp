#include "feedback/loss_meter.hpp"

#include <algorithm>

namespace glimt::feedback {
namespace {

// The newest packets may still be on their way around each other; they are judged by the next report.
constexpr uint64_t kReorderPackets = 16;

}  // namespace

bool LossMeter::add(const wire::Feedback& report) {
  if (last_report_ != 0 && static_cast<int32_t>(report.report - last_report_) <= 0) return false;
  last_report_ = report.report;
  totals_.kernel_drops = report.kernel_drops;
  const auto& a = report.arrivals;
  if (a.count > kReorderPackets) judge(a, a.first + a.count - 1 - kReorderPackets);
  for (size_t i = 0; i < report.fate_count; ++i) {
    const auto& fate = report.fates[i];
    auto& seen = seen_fates_[fate.frame.value() % seen_fates_.size()];
    if (seen && fate.frame <= *seen) continue;
    seen = fate.frame;
    ++(fate.fate == wire::Fate::complete ? totals_.complete
       : fate.fate == wire::Fate::late   ? totals_.late
                                         : totals_.failed);
  }
  return true;
}

void LossMeter::judge(const wire::Arrivals& arrivals, uint64_t up_to) {
  for (uint64_t n = std::max(arrivals.first, judged_up_to_ + 1); n <= up_to; ++n) {
    const bool lost = arrivals.before_16us[n - arrivals.first] == wire::Arrivals::kLost;
    ++totals_.packets;
    if (lost) {
      ++totals_.lost;
      if (!in_burst_) ++totals_.bursts;
    }
    in_burst_ = lost;
    judged_up_to_ = n;
  }
}

}  // namespace glimt::feedback

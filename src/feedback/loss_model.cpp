#include "feedback/loss_model.hpp"

#include <algorithm>

namespace glimt::feedback {
namespace {

constexpr double kRecent = 512;
constexpr Duration kDropsCount = std::chrono::seconds(1);  // after that they have been judged
// What is assumed before anything is known, and how much it counts.
constexpr double kPriorPackets = 64, kPriorLost = 1, kPriorBursts = 0.75;

}  // namespace

void LossModel::Window::add(const Window& more, double memory) {
  packets += more.packets;
  lost += more.lost;
  bursts += more.bursts;
  if (packets <= memory) return;
  const double keep = memory / packets;
  packets *= keep;
  lost *= keep;
  bursts *= keep;
}

void LossModel::note_loss(Instant now) {
  if (!lossy_ || now - lost_at_ >= kCleanAfter) window_ = recent_ = {};
  lossy_ = true;
  lost_at_ = now;
}

void LossModel::add(const LossMeter::Totals& totals, Instant now) {
  Window news{static_cast<double>(totals.packets - before_.packets),
              static_cast<double>(totals.lost - before_.lost),
              static_cast<double>(totals.bursts - before_.bursts)};
  if (now - drops_at_ > kDropsCount) drops_ = 0;
  if (totals.kernel_drops > before_.kernel_drops) {
    drops_ += static_cast<double>(totals.kernel_drops - before_.kernel_drops);
    drops_at_ = now;
  }
  before_ = totals;
  const double dropped = std::min(drops_, news.lost);
  if (dropped > 0) {
    drops_ -= dropped;
    news.bursts *= 1 - dropped / news.lost;
    news.lost -= dropped;
  }
  if (news.lost > 0) note_loss(now);
  window_.add(news, kMemory);
  recent_.add(news, kRecent);
  // It has become much worse: what was before says nothing.
  const bool worse = recent_.lost > 24 && recent_.lost * window_.packets > 3 * window_.lost * recent_.packets;
  if (worse) window_ = recent_;
}

std::optional<Channel> LossModel::channel(Instant now) const {
  if (!lossy_ || now - lost_at_ >= kCleanAfter) return std::nullopt;
  const double lost = window_.lost + kPriorLost;
  return Channel{std::min(0.5, lost / (window_.packets + kPriorPackets)),
                 std::max(1.0, lost / (window_.bursts + kPriorBursts))};
}

}  // namespace glimt::feedback

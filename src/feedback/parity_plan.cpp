#include "feedback/parity_plan.hpp"

#include <algorithm>
#include <cmath>

namespace glimt::feedback {
namespace {

constexpr uint32_t kMostRows = 128;
// From so long a burst on, what took the end of a frame is likely to take the beginning of the answer too.
constexpr double kBursty = 6;
// Plans are kept by steps of 5 % of what they depend on.
int step_of(double value) { return static_cast<int>(std::lround(std::log(std::max(value, 1e-6)) / 0.05)); }
double value_of(int step) { return std::exp(step * 0.05); }

}  // namespace

Channel Channel::thinned(uint32_t n) const {
  if (loss <= 0 || loss >= 1) return *this;
  const double to_good = 1 / std::max(burst, 1.0);
  const double to_bad = std::min(1.0, loss * to_good / (1 - loss));
  const double remembers = std::pow(std::max(0.0, 1 - to_good - to_bad), n);
  return {loss, 1 / ((1 - loss) * (1 - remembers))};
}

LossDistribution::LossDistribution(const Channel& channel) {
  const double loss = std::clamp(channel.loss, 0.0, 0.99);
  to_good_ = 1 / std::max(channel.burst, 1.0);
  to_bad_ = std::min(1.0, loss * to_good_ / (1 - loss));
  good_[0] = 1 - loss;
  bad_[0] = loss;
}

void LossDistribution::add_packet() {
  if (packets_ == kMost) return;
  ++packets_;
  // The packet meets the state as it is, then the state changes.
  for (size_t i = packets_; i > 0; --i) bad_[i] = bad_[i - 1];
  bad_[0] = 0;
  for (size_t i = 0; i <= packets_; ++i) {
    const double good = good_[i], bad = bad_[i];
    good_[i] = good * (1 - to_bad_) + bad * to_good_;
    bad_[i] = good * to_bad_ + bad * (1 - to_good_);
  }
}

double LossDistribution::lost_more_than(size_t i) const {
  double sum = 0;
  for (size_t n = packets_; n > i; --n) sum += lost(n);
  return sum;
}

uint32_t repair_rows(uint32_t deficit, bool amply) {
  return amply ? 2 * deficit + 8 : (3 * deficit + 1) / 2 + 4;
}

// What a round leaves, and what it costs, for each deficit that it begins with; `next_` is the round after it.
void ParityPlanner::compute_round(uint32_t k, bool last, bool amply, const Channel& channel) {
  LossDistribution lost(channel);
  for (uint32_t q = 1; q <= k; ++q) {
    const uint32_t rows = std::min(repair_rows(q, amply), kMostRows);
    while (lost.packets() < rows) lost.add_packet();
    const uint32_t spare = rows - std::min(rows, q);
    repair_.costs[q] = rows;
    repair_.fails[q] = 0;
    for (uint32_t left = 1; left <= q; ++left) {
      const double p = lost.lost(spare + left);
      repair_.fails[q] += last ? p : p * next_.fails[left];
      if (!last) repair_.costs[q] += p * next_.costs[left];
    }
  }
}

void ParityPlanner::compute_repair(uint32_t k, int rounds, const Channel& channel, bool amply) {
  repair_.fails.fill(1);
  repair_.costs.fill(0);
  for (int round = 0; round < rounds; ++round) {
    next_ = repair_;
    const bool last = round == 0;
    compute_round(k, last, last || amply, channel);
  }
}

bool ParityPlanner::is_better(const Plan& a, const Plan& b) const {
  const bool a_waits = a.waiting > options_.waiting, b_waits = b.waiting > options_.waiting;
  if (a_waits && b_waits) return a.waiting < b.waiting;
  if (a_waits != b_waits) return b_waits;
  return a.overhead + options_.worth * a.residual < b.overhead + options_.worth * b.residual;
}

void ParityPlanner::improve(Plan& best, const Frame& frame, uint32_t k, const Channel& channel, bool amply) {
  compute_repair(k, std::min(frame.rounds, kMostRounds), channel, amply);
  const auto most = static_cast<uint32_t>(std::max<double>(kFewestRows, std::ceil(options_.most * k)));
  LossDistribution lost(channel.thinned(frame.blocks));
  while (lost.packets() < k + kFewestRows) lost.add_packet();
  for (uint32_t m = kFewestRows; m <= std::min(most, kMostRows); ++m, lost.add_packet()) {
    Plan p{static_cast<uint8_t>(m), static_cast<double>(m), 0, 0, amply};
    for (uint32_t q = 1; q <= k; ++q) {
      const double chance = lost.lost(m + q);
      p.waiting += chance * frame.blocks;
      p.residual += chance * frame.blocks * repair_.fails[q];
      p.overhead += chance * repair_.costs[q];
    }
    p.overhead /= k;
    if (best.rows == 0 || is_better(p, best)) best = p;
  }
}

ParityPlanner::Plan ParityPlanner::compute(const Frame& frame, const Channel& channel) {
  const uint32_t k = std::clamp<uint32_t>((frame.symbols + frame.blocks - 1) / frame.blocks, 1, 128);
  Plan best;
  improve(best, frame, k, channel, true);
  if (frame.rounds > 1 && channel.burst < kBursty) improve(best, frame, k, channel, false);
  return best;
}

ParityPlanner::Plan ParityPlanner::plan(const Frame& frame, const Channel& channel) {
  const uint32_t step = std::max<uint32_t>(1, frame.symbols / 16);
  const Key key{(frame.symbols + step - 1) / step * step, std::max<uint32_t>(1, frame.blocks), frame.rounds,
                step_of(channel.loss), step_of(channel.burst)};
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found != keys_.end()) return plans_[static_cast<size_t>(found - keys_.begin())];
  const Plan made = compute({key.symbols, key.blocks, key.rounds}, {value_of(key.loss), value_of(key.burst)});
  keys_[next_slot_] = key;
  plans_[next_slot_] = made;
  next_slot_ = (next_slot_ + 1) % keys_.size();
  return made;
}

}  // namespace glimt::feedback

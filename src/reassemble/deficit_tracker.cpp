#include "reassemble/deficit_tracker.hpp"

#include <algorithm>
#include <utility>

namespace glimt::reassemble {
namespace {

constexpr Duration kBetweenAnswers = std::chrono::milliseconds(1);

// Symbols that are missing below one that came, and that the parity which is planned cannot replace.
uint32_t certain_deficit(const FecDecoder::Block& b) {
  const uint32_t gap = b.top - b.data;
  return gap > b.m ? gap - b.m : 0;
}

}  // namespace

void DeficitTracker::on_data(const FecDecoder::Block& block, const Link& link, Instant now) {
  last_ = now;
  if (std::exchange(unheard_of_, false)) awaits_answer_ = false;  // it was late, and not lost
  if (std::exchange(expected_, false)) later_frame_ = false;
  if (awaits_answer_) return;
  if (block.k > 0 && certain_deficit(block) > 0) suspected_ = std::min(suspected_, now);
  due_ = suspected_ == Instant::max() ? suspected_ : suspected_ + link.window;
  if (later_frame_) due_ = std::min(due_, now + link.window);
  if (link.loses) due_ = std::min(due_, now + link.silence);
}

void DeficitTracker::on_parity(const Link& link, Instant now) {
  last_ = now;
  if (awaits_answer_) {
    answered_ = true;
    due_ = now + kBetweenAnswers + link.window;
  } else if (link.loses || later_frame_) {
    due_ = std::min(due_, now + (later_frame_ ? link.window : link.silence));
  }
}

void DeficitTracker::on_later_frame(bool certain, const Link& link, Instant now) {
  if (later_frame_ && !expected_ && !certain) return;
  later_frame_ = true;
  expected_ = false;
  if (!awaits_answer_) due_ = std::min(due_, certain ? now : now + link.window);
}

bool DeficitTracker::is_over(const Link& link, Instant now) const {
  return later_frame_ || (link.loses && now - last_ >= link.silence);
}

DeficitTracker::Verdict DeficitTracker::judge(Sequence frame, const FecDecoder* blocks, Instant deadline,
                                              const Link& link, Instant now, Ring<wire::Deficit>& to) {
  const size_t before = to.size();
  suspected_ = Instant::max();
  awaits_answer_ = answered_ = false;
  unheard_of_ = !blocks;
  due_ = Instant::max();
  if (blocks) {
    const bool over = is_over(link, now);
    find_deficits(frame, *blocks, over, to);
    if (!over && link.loses) due_ = last_ + link.silence;
  } else if (!to.full()) {
    to.push({.frame = frame, .every_block = true});
  }
  if (to.size() == before) return Verdict::nothing;
  const bool in_time = now + link.rtt <= deadline && round_ < wire::Deficit::kMaxRound;
  if (!in_time) {
    while (to.size() > before) to.pop_newest();
    return Verdict::too_late;
  }
  ++round_;
  awaits_answer_ = true;
  due_ = now + link.rtt + link.rtt / 8 + kAnswerSpread + kBetweenAnswers + link.window;
  const bool last = due_ + link.rtt > deadline;
  for (size_t i = before; i < to.size(); ++i) {
    to[i].round = round_;
    to[i].last_round = last;
  }
  return Verdict::asked;
}

void DeficitTracker::find_deficits(Sequence frame, const FecDecoder& blocks, bool over,
                                   Ring<wire::Deficit>& to) const {
  const size_t count = std::min<size_t>(over ? blocks.blocks_expected() : blocks.blocks_seen(), 256);
  for (size_t i = 0; i < count && !to.full(); ++i) {
    const auto block = static_cast<uint8_t>(i);
    const uint32_t k = blocks.k_of(block);
    const uint32_t symbols = i < blocks.blocks_seen() ? blocks.block(i).symbols() : 0;
    uint32_t have = symbols;
    if (over) {
      if (k > 0 ? symbols >= k : !later_frame_) continue;
    } else {
      const uint32_t certain = blocks.block(i).k > 0 ? certain_deficit(blocks.block(i)) : 0;
      if (certain == 0) continue;
      have = k - std::min(certain, k);
    }
    to.push({.frame = frame, .block = block, .have = static_cast<uint8_t>(std::min(have, 255u))});
  }
}

}  // namespace glimt::reassemble

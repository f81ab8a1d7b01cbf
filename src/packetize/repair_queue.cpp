#include "packetize/repair_queue.hpp"

#include <algorithm>

#include "wire/erasure_code.hpp"

namespace glimt::packetize {

void RepairQueue::note_sent(size_t packets) {
  credit_ = std::min(kMostCredit, credit_ + 0.5 * static_cast<double>(packets));
}

const RepairQueue::Begun* RepairQueue::find(Sequence frame) const {
  for (size_t i = begun_.size(); i-- > 0;) {
    if (begun_[i].frame == frame) return &begun_[i];
  }
  return nullptr;
}

const RepairQueue::Answered* RepairQueue::find(Sequence frame, uint8_t block) const {
  for (size_t i = answered_.size(); i-- > 0;) {
    if (answered_[i].frame == frame && answered_[i].block == block) return &answered_[i];
  }
  return nullptr;
}

bool RepairQueue::is_new(const wire::Deficit& deficit, uint8_t block) const {
  const auto* answered = find(deficit.frame, block);
  return !answered || answered->round < deficit.round;
}

void RepairQueue::add(const Ref<SymbolUnit>& unit, const wire::Deficit& deficit, uint8_t block, uint32_t rows,
                      Instant now) {
  rows = std::min(rows, wire::kMaxParityRows);
  if (rows == 0) return;
  if (answers_.full() || credit_ < rows) {
    ++refused_;
    return;
  }
  credit_ -= rows;
  const auto* before = find(unit->frame, block);
  const auto* begun = find(unit->frame);
  const uint32_t first = before ? before->next_row : begun ? begun->rows : 0;
  answered_.push_newest({unit->frame, block, deficit.round, first + rows});
  const uint32_t part = deficit.last_round ? rows : (rows + kParts - 1) / kParts;
  answers_.push({unit, block, first, rows, part, part, now});
}

SymbolUnit* RepairQueue::due(Instant now, Row& row) {
  if (answers_.empty() || answers_.front().at > now) return nullptr;
  const Answer& a = answers_.front();
  // Once all 128 rows of a block have been sent they begin again: those that were lost are fresh.
  row.place = {a.block, static_cast<uint8_t>(a.next_row % wire::kMaxParityRows)};
  row.rows = static_cast<uint8_t>(std::min(a.next_row + a.left, wire::kMaxParityRows));
  row.ahead = static_cast<uint8_t>(a.left - 1);
  return a.unit.get();
}

void RepairQueue::pop(Instant now) {
  Answer& a = answers_.front();
  ++a.next_row;
  --a.left;
  --a.left_of_part;
  if (a.left_of_part > 0 && a.left > 0) return;
  Answer rest = answers_.pop();
  if (rest.left == 0) return;
  rest.left_of_part = rest.part;
  rest.at = now + kBetweenParts;
  answers_.push(std::move(rest));
}

Instant RepairQueue::next() const { return answers_.empty() ? Instant::max() : answers_[0].at; }

}  // namespace glimt::packetize

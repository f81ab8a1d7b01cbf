#include "packetize/send_queue.hpp"

namespace glimt::packetize {

bool SendQueue::offer(Ref<SymbolUnit> unit) {
  const Sequence frame = unit->frame;
  dependent_ |= !unit->key;
  if (!unit->key && !(chain_ && frame == *chain_ + 1)) {
    chain_.reset();
    leave_out(frame);
    return true;
  }
  if (options_.mode == Mode::every && waiting_.full()) {
    chain_.reset();
    leave_out(frame);
    return false;
  }
  if (options_.mode == Mode::latest && (unit->key || waiting_.full())) {
    leave_out_unbegun();
    if (!unit->key) {
      leave_out(frame);
      return true;
    }
  }
  if (unit->key) newest_key_ = frame;
  chain_ = frame;
  waiting_.push(std::move(unit));
  return true;
}

bool SendQueue::cut() {
  if (!chain_ || !dependent_) return false;
  leave_out_unbegun();
  return true;
}

// The unit in front of these was given up.
void SendQueue::leave_out_dependent() {
  while (!waiting_.empty() && !waiting_.front()->key) leave_out(waiting_.pop()->frame);
  if (waiting_.empty()) chain_.reset();
}

// What has become current but not begun is no better than what waits.
void SendQueue::leave_out_unbegun() {
  chain_.reset();
  if (current_ && next_symbol_ == 0) leave_out(std::exchange(current_, {})->frame);
  while (!waiting_.empty()) leave_out(waiting_.pop()->frame);
}

void SendQueue::leave_out(Sequence frame) {
  if (!left_out_.empty() && left_out_.back().count < wire::kMaxSkip) {
    auto& run = left_out_.back();
    const bool before = frame + 1 == run.first;
    if (before || frame == run.first + run.count) {
      if (before) run.first = frame;
      ++run.count;
      return;
    }
  }
  left_out_.push_newest({frame, 1});
}

std::optional<wire::Skip> SendQueue::left_out() const {
  if (left_out_.empty()) return std::nullopt;
  const auto* next = current_ ? current_.get() : waiting_.empty() ? nullptr : waiting_[0].get();
  return !next || left_out_[0].first < next->frame ? std::optional(left_out_[0]) : std::nullopt;
}

SymbolUnit* SendQueue::current() {
  if (current_ && current_->abandoned) {
    leave_out(std::exchange(current_, {})->frame);
    leave_out_dependent();
  }
  finish_if_sent();  // its last symbol may have left before its end was known
  if (!current_) start_next();
  if (!current_ || next_symbol_ >= symbols_to_send()) return nullptr;  // the next strip is not encoded yet
  return current_.get();
}

bool SendQueue::held_back() const {
  if (options_.mode == Mode::latest || current_ || waiting_.empty() || !first_) return false;
  const Sequence reference = taken_.value_or(*first_ - 1);
  const bool in_flight = last_begun_ && *last_begun_ > reference;  // what was left out is not
  return in_flight && waiting_[0]->frame - reference > static_cast<int32_t>(options_.max_in_flight);
}

void SendQueue::start_next() {
  while (!waiting_.empty() && waiting_.front()->abandoned) {
    leave_out(waiting_.pop()->frame);
    leave_out_dependent();
  }
  if (waiting_.empty()) return;
  const Sequence frame = waiting_.front()->frame;
  if (!first_) first_ = frame;
  if (held_back() && !std::exchange(one_more_, false)) return;
  current_ = waiting_.pop();
  next_symbol_ = 0;
  rows_ = 0;
}

void SendQueue::set_rows(uint8_t rows) {
  if (next_symbol_ == 0) rows_ = rows;
}

uint32_t SendQueue::symbols_to_send() const {
  const auto data = static_cast<uint32_t>(current_->symbols.size());
  return data + (current_->complete ? rows_ * current_->used_blocks() : 0);
}

void SendQueue::advance(uint32_t symbols) {
  if (symbols > 0) last_begun_ = current_->frame;
  next_symbol_ += symbols;
  finish_if_sent();
}

void SendQueue::finish_if_sent() {
  if (!current_ || !current_->complete || next_symbol_ < symbols_to_send()) return;
  current_ = {};
  ++finished_;
}

}  // namespace glimt::packetize

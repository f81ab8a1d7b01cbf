#include "packetize/send_queue.hpp"

namespace glimt::packetize {

bool SendQueue::offer(Ref<SymbolUnit> unit) {
  const Sequence frame = unit->frame;
  if (waiting_.full()) {
    if (options_.mode == Mode::every) {
      leave_out(frame);
      return false;
    }
    leave_out(waiting_.pop()->frame);
  }
  // What has become current but not begun is no better than what waits.
  if (options_.mode == Mode::latest && current_ && next_symbol_ == 0) {
    leave_out(current_->frame);
    current_ = {};
  }
  waiting_.push(std::move(unit));
  return true;
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
    leave_out(current_->frame);
    current_ = {};
  }
  finish_if_sent();  // its last symbol may have left before its end was known
  if (!current_) start_next();
  if (!current_ || next_symbol_ >= current_->symbols.size())
    return nullptr;  // the next strip is not encoded yet
  return current_.get();
}

void SendQueue::start_next() {
  while (!waiting_.empty() && waiting_.front()->abandoned) leave_out(waiting_.pop()->frame);
  if (waiting_.empty()) return;
  const Sequence frame = waiting_.front()->frame;
  if (!first_) first_ = frame;
  if (options_.mode == Mode::every) {
    const Sequence reference = taken_.value_or(*first_ - 1);
    const bool in_flight = last_begun_ && *last_begun_ > reference;  // what was left out is not
    if (in_flight && frame - reference > static_cast<int32_t>(options_.max_in_flight)) return;
  }
  current_ = waiting_.pop();
  next_symbol_ = 0;
}

void SendQueue::advance(uint32_t symbols) {
  if (symbols > 0) last_begun_ = current_->frame;
  next_symbol_ += symbols;
  finish_if_sent();
}

void SendQueue::finish_if_sent() {
  if (!current_ || !current_->complete || next_symbol_ < current_->symbols.size()) return;
  current_ = {};
  ++finished_;
}

}  // namespace glimt::packetize

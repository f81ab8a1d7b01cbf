#include "web/live_viewer.hpp"

namespace glimt::web {

void LiveViewer::offer(const Ref<media::AccessUnit>& unit) {
  const auto& info = unit->info;
  if (info.key) {
    leave_out_waiting();
    wants_key_ = false;
    key_asked_at_.reset();
  } else if (!chain_ || *chain_ + 1 != info.number || waiting_.size() >= kMaxDependent) {
    leave_out_waiting();
    chain_.reset();
    wants_key_ = true;
    ++left_out_;
    return;
  }
  chain_ = info.number;
  waiting_.push_back(unit);
}

std::optional<LiveViewer::Next> LiveViewer::next() {
  if (waiting_.empty() || on_their_way_.size() >= credit_) return std::nullopt;
  Next next{std::move(waiting_.front()), false};
  waiting_.pop_front();
  const Sequence number = next.unit->info.number;
  next.discontinuity = last_sent_ && *last_sent_ + 1 != number;
  last_sent_ = number;
  on_their_way_.push_back(number);
  ++sent_;
  return next;
}

bool LiveViewer::taken(Sequence frame) {
  if (!last_sent_ || frame > *last_sent_) return false;
  while (!on_their_way_.empty() && on_their_way_.front() <= frame) on_their_way_.pop_front();
  return true;
}

bool LiveViewer::take_key_request(Instant now) {
  if (!wants_key_ || on_their_way_.size() >= credit_) return false;
  if (key_asked_at_ && now < *key_asked_at_ + kAskAnewAfter) return false;
  key_asked_at_ = now;
  return true;
}

void LiveViewer::leave_out_waiting() {
  left_out_ += waiting_.size();
  waiting_.clear();
}

}  // namespace glimt::web

// LiveViewer: which access units one viewer is sent: at most `credit` on their way that it has not taken, the newest behind them.
// Of units that depend on each other up to kMaxDependent wait, in order; beyond them, and behind a gap, nothing up to a key frame.
//
//   input    units as they become whole; what the viewer has taken
//   output   the next unit to send; when a key frame is to be asked for
//   threads  thread-compatible; reads no clock
//   memory   `credit` numbers, kMaxDependent references
#pragma once

#include <deque>
#include <optional>

#include "base/clock.hpp"
#include "media/access_unit.hpp"

namespace glimt::web {

class LiveViewer {
 public:
  static constexpr size_t kCredit = 2, kMaxDependent = 4;
  static constexpr auto kAskAnewAfter = std::chrono::milliseconds(500);

  struct Next {
    Ref<media::AccessUnit> unit;
    bool discontinuity = false;  // units between this and the one before were left out
  };

  explicit LiveViewer(size_t credit = kCredit) : credit_(credit) {}

  void offer(const Ref<media::AccessUnit>& unit);
  // Counts as on its way from here on. Empty where nothing waits or the credit is used up.
  std::optional<Next> next();
  // The viewer is done with everything up to `frame`. False where that was never sent.
  bool taken(Sequence frame);
  // Only a key frame would be sent, there is room for one, and it was not asked for of late.
  bool take_key_request(Instant now);

  uint64_t sent() const { return sent_; }
  uint64_t left_out() const { return left_out_; }

 private:
  void leave_out_waiting();

  const size_t credit_;
  std::deque<Ref<media::AccessUnit>> waiting_;
  std::deque<Sequence> on_their_way_;
  std::optional<Sequence> last_sent_, chain_;  // chain_: the newest that was taken in
  bool wants_key_ = false;
  std::optional<Instant> key_asked_at_;
  uint64_t sent_ = 0, left_out_ = 0;
};

}  // namespace glimt::web

// DeficitTracker: when what one frame lacks is asked for, and how often.
//
//   Asked for is only what cannot come any more: once a gap is older than the reorder window and wider than the parity that
//   may follow, or once the frame is over and it is not whole. Then again after each answer that was not enough, as long as a
//   further answer can be there in time. Parity that comes before data says nothing.
//
//   A frame that has not begun when it should have is asked for too, by whoever knows of a rhythm.
//
//   input    what came of the frame, and what is known of the link; that a later frame has begun; now
//   output   deficits, one round at a time; when to be asked next
//   threads  thread-compatible; reads no clock
//   memory   none
#pragma once

#include "base/clock.hpp"
#include "base/ring.hpp"
#include "reassemble/fec_decoder.hpp"
#include "wire/feedback.hpp"

namespace glimt::reassemble {

class DeficitTracker {
 public:
  struct Link {
    Duration rtt{};
    Duration window{};   // a packet that is missing so long after a later one is lost
    Duration silence{};  // after so long nothing more comes of a frame
    bool loses = false;  // packets were lost lately. Where none were, a pause is no sign
  };
  static constexpr Duration kAnswerSpread = std::chrono::milliseconds(2);

  void on_data(const FecDecoder::Block& block, const Link& link, Instant now);
  void on_parity(const Link& link, Instant now);
  // A later frame has begun, and this one is not whole. `certain`: so much of the later one has come that what is missing
  // is not behind it.
  void on_later_frame(bool certain, const Link& link, Instant now);
  // Nothing of it has come by then: then it is lost whole.
  void expect_by(Instant due) {
    later_frame_ = expected_ = true;
    due_ = due;
  }

  // Instant::max() where nothing is to be judged.
  Instant due() const { return due_; }
  enum class Verdict {
    nothing,   // it lacks nothing, or that is not certain yet
    asked,     // deficits were pushed
    too_late,  // it should have been asked for, and there is no time
  };
  // Once due. `blocks`: null where nothing of the frame has come. `deadline`: what comes later is of no use.
  Verdict judge(Sequence frame, const FecDecoder* blocks, Instant deadline, const Link& link, Instant now,
                Ring<wire::Deficit>& to);
  // Nothing of the answer to that round has come yet, and it still may: the question may be lost.
  bool awaits(uint8_t round) const { return awaits_answer_ && !answered_ && round == round_; }
  // Nothing more comes of the frame but answers.
  bool is_over(const Link& link, Instant now) const;

 private:
  void find_deficits(Sequence frame, const FecDecoder& blocks, bool over, Ring<wire::Deficit>& to) const;

  Instant due_ = Instant::max();
  Instant last_{};                      // something came of the frame
  Instant suspected_ = Instant::max();  // a gap is wider than the parity that may follow
  uint8_t round_ = 0;
  bool awaits_answer_ = false;
  bool answered_ = false;    // some of the answer has come
  bool unheard_of_ = false;  // nothing of the frame had come when it was asked for
  bool later_frame_ = false;
  bool expected_ = false;  // no later frame has begun, but it should have
};

}  // namespace glimt::reassemble

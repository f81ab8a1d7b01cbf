// SharedStream: pictures in shared memory, handed to receivers on this machine without a copy.
//
//   A receiver has a few pictures on loan at most. In latest mode what goes beyond that is held back, it is told so, and
//   is given the newest when it returns one or asks; in every mode the publisher waits or leaves the picture out. Who
//   holds pictures for more than a second while no slot is left for the others is cut off.
//
//   input    pictures from any thread, one at a time; receivers from the network thread
//   output   a message a picture and receiver, written by the publishing thread itself
//   errors   borrow: unavailable where all slots are in use; exhausted where the system has no memory
//   threads  attach, detach, start of events: bound to the network thread; everything else is thread-safe
//   memory   the slots, each made when it is first needed
#pragma once

#include <map>

#include "media/frame.hpp"
#include "pipeline/slot_pool.hpp"
#include "transport/event_loop.hpp"
#include "transport/frame_channel.hpp"

namespace glimt::pipeline {

class SharedStream {
 public:
  // On loan to one receiver at a time: two that it looks at and one on its way.
  static constexpr size_t kCredit = 3;
  static constexpr size_t kCreditEvery = 4;
  static constexpr auto kMaxLoan = std::chrono::seconds(1);

  struct Counters {
    uint64_t frames = 0;
    uint64_t dropped = 0;  // left out for this receiver
    uint64_t refused = 0;  // messages that broke the format
  };

  // Nothing: as many slots as the receivers need, two each and two more, at least 8.
  SharedStream(transport::EventLoop& loop, std::optional<size_t> slots);
  ~SharedStream();

  Result<media::Frame> borrow(PixelFormat format, int width, int height);
  // A frame that lies in no slot of its own is copied into one, and `frame` is then that.
  Result<void> publish(media::Frame& frame);
  // Until a receiver has room for a further picture, one has gone, or the deadline has passed.
  bool wait_for_room(Instant deadline);
  // The newest picture, in its slot; empty before the first.
  media::Frame newest() const;

  struct Receiver {
    uint32_t id = 0;
    UniqueFd theirs;  // the receiver's end
  };
  Result<Receiver> attach(Mode mode);
  // What it still has is not written again.
  void detach(uint32_t id);
  // Cut off or hung up: it gets nothing any more.
  bool is_gone(uint32_t id) const;
  // An `every` receiver has had no room for so long.
  Duration full_for(uint32_t id, Instant now) const;
  Counters counters(uint32_t id) const;

 private:
  struct Picture {
    media::Frame frame;  // without metadata: those lie in the slot
    size_t metadata_bytes = 0;
  };
  struct Loan {
    Sequence number;
    Ref<Slot> slot;
    Instant since;
  };
  // The newest picture on its way to one receiver.
  struct Handover {
    wire::SharedFrame frame;
    Ref<Slot> slot;
    bool is_new = false;  // memory that this receiver does not have yet
  };
  struct Consumer;

  Result<Ref<Slot>> take_slot(size_t bytes);
  Result<void> move_into_slot(media::Frame& frame);
  void offer(Consumer& to, Instant at) GLIMT_REQUIRES(m_);
  void lend(Consumer& to, Instant at) GLIMT_REQUIRES(m_);
  Handover prepare(Consumer& to, Instant at) GLIMT_REQUIRES(m_);
  static bool hand_over(const Consumer& to, const Handover& handover);
  void note_done(Consumer& to, const Handover& handover, bool done) GLIMT_REQUIRES(m_);
  void follow_receivers() GLIMT_REQUIRES(m_);
  bool has_room(const Consumer& consumer) const GLIMT_REQUIRES(m_);
  void collect(Consumer& from) GLIMT_REQUIRES(m_);
  void settle(Consumer& with, Bytes message) GLIMT_REQUIRES(m_);
  void cut_off_oldest(Instant at) GLIMT_REQUIRES(m_);
  void on_events(uint32_t id);
  void watch_held();
  const Consumer* find(uint32_t id) const GLIMT_REQUIRES(m_);

  transport::EventLoop& loop_;
  const std::optional<size_t> slots_;
  SlotPool pool_;
  transport::EventLoop::Signal held_;  // somebody is held back: the network thread has to look

  mutable Mutex m_;
  std::map<uint32_t, std::shared_ptr<Consumer>> consumers_ GLIMT_GUARDED_BY(m_);
  uint32_t next_id_ GLIMT_GUARDED_BY(m_) = 1;
  Sequence next_number_ GLIMT_GUARDED_BY(m_){1};
  Picture newest_ GLIMT_GUARDED_BY(m_);
};

}  // namespace glimt::pipeline

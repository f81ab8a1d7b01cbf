// Reassembler: packets of one session to access units, strip by strip.
//
//   latest   strips are handed on as they complete; a whole newer frame abandons all older ones at once
//   every    frames end in order; each waits until it is overdue, then the next one has its turn
//   A JPEG that has lost some of its strips for good is handed on without them where it has its turn: unit->info.missing
//   says which.
//   A frame that is no key frame follows the one before it, in either mode, or is not handed on: where that one is
//   missing it waits as long as that may still come, and then nothing follows until the next key frame.
//
//   input    data and parity packets in any order, lost, repeated, damaged by intent; what the sender says it skips; now
//   output   begin, strip…, end or abandon of access units, and the fate of each frame; what is to be asked for; when to be
//            called next
//   errors   none: what breaks the format is counted
//   units    stamps of the sender are its own clock's; the session maps them
//   threads  thread-compatible; reads no clock
//   memory   kMaxHeldUnits times max_unit_bytes in at most kMaxAssemblies frames, and what was handed on; 256
//            frame numbers
#pragma once

#include <array>

#include "base/ring.hpp"
#include "reassemble/arrival_timing.hpp"
#include "reassemble/assembly.hpp"
#include "reassemble/deficit_tracker.hpp"
#include "reassemble/frame_rhythm.hpp"
#include "wire/feedback.hpp"
#include "wire/hello.hpp"

namespace glimt::reassemble {

class Reassembler {
 public:
  struct Options {
    Assembly::Limits limits;
    Mode mode = Mode::latest;
    // How long after its capture an incomplete frame is waited for.
    Duration latency = std::chrono::milliseconds(100);
    // Nothing is lost on the way (TCP, Unix): no frame is ever overdue.
    bool reliable = false;
    // What is missing may be asked for. Where it may not, a frame is given up as soon as nothing more comes of it.
    bool repairs = true;
    // Nothing that lacks a strip is handed on.
    bool whole_only = false;
  };

  class Output : public media::StripSink {
   public:
    // Once for each frame number: complete, late (whole after a newer one was handed on)
    // or failed (never whole). Behind the end() of that frame, where there is one.
    virtual void fate(const wire::FrameFate& fate) = 0;
  };

  struct Counters {
    uint64_t whole = 0, lost = 0, late = 0, skipped = 0;  // frames
    uint64_t repeated = 0;                                // packets that had come before
    uint64_t stale = 0;                                   // packets of frames whose fate was settled
    uint64_t refused = 0;                                 // packets that contradict others of their frame
    uint64_t concealed = 0;  // frames that were handed on without all their strips
    uint64_t malformed = 0;  // frames that could not be read
    uint64_t unusable = 0;   // whole frames that depend on one that is missing
    uint64_t recovered = 0;  // data packets that did not come and that parity gave back
    uint64_t asked = 0;      // rounds of a frame
    uint64_t too_late = 0;   // rounds that no answer could be in time for

    Counters& operator+=(const Counters& other);
  };

  explicit Reassembler(Options options);

  void push(const wire::DataPacket& packet, Instant now, Output& out);
  void push(const wire::ParityPacket& packet, Instant now, Output& out);
  void skip(const wire::Skip& skip, Instant now, Output& out);
  // The way to the sender and back, as it is known; it decides what is still worth asking for.
  void set_rtt(Duration rtt) { rtt_ = rtt; }
  // So long a packet that is missing may still be on its way around others.
  Duration reorder_window(Instant now) const { return timing_.window(now); }
  // What is to be asked for, each once.
  std::optional<wire::Deficit> take_deficit();
  // Whether it is still to be said: the answer may come and has not begun to.
  bool awaits(const wire::Deficit& deficit) const;
  // Settles what is overdue, and judges what is missing. Call at next_deadline().
  void expire(Instant now, Output& out);
  // Instant::max() where nothing waits.
  Instant next_deadline() const;
  // The session is over: everything begun is abandoned, nothing is counted as lost.
  void abandon_all(Output& out);

  const Counters& counters() const { return counters_; }
  // Only a key frame helps, one after the frame that is named, and none is on its way. `decoder_wants`: for a reason of
  // its own.
  std::optional<Sequence> key_wanted_after(bool decoder_wants = false) const;

  static constexpr size_t kMaxAssemblies = 16;
  static constexpr size_t kMaxHeldUnits = 3;

 private:
  enum class State : uint8_t {
    missing,    // no packet yet
    partial,    // some packets
    overtaken,  // a newer frame was handed on; watched until its deadline to tell late from lost
    settled,    // its fate is known
  };
  struct Slot {
    Sequence frame;
    State state = State::missing;
    bool begun = false;     // begin() was called
    bool given_up = false;  // nothing more comes of it
    Instant deadline{};     // no earlier than this is it overdue
    int assembly = -1;
    DeficitTracker deficits{};
  };

  template <class P>
  void push_any(const P& packet, Instant now, Output& out);
  Slot* find_or_add(const wire::DataHeader& data, Instant now, Output& out);
  void go_on(Slot& slot, size_t held_before, Instant now, Output& out);
  void note_later_frame(const Slot& slot, Instant now);
  DeficitTracker::Link link(Instant now) const;
  void note_loss(Instant now);
  bool loses(Instant now) const { return now < loses_until_; }
  bool asks() const { return options_.repairs && !options_.reliable; }
  void look_ahead(const Slot& newest, Instant now);
  void judge(Instant now);
  bool judge(Slot& slot, Instant now);
  void append(Sequence frame, Instant deadline, Output& out);
  bool give_assembly(Slot& slot, const wire::DataHeader& data, Instant now, Output& out);
  bool give_up_one(const Slot& except, Output& out);
  void progress(Slot& slot, Instant now, Output& out);
  void emit_strips(Slot& slot, Output& out);
  void complete(Slot& slot, Instant now, Output& out);
  void give_up(Slot& slot, Instant now, Output& out);
  void hand_on(Slot& slot, wire::FrameFate fate, Output& out);
  void overtake_before(Sequence frame, Output& out);
  void settle(Slot& slot, wire::Fate fate, Output& out);
  void free_assembly(Slot& slot);
  void advance(Instant now, Output& out);
  bool overdue(const Slot& slot, size_t position, Instant now) const;
  // Given up by silence alone.
  bool may_be_pause(const Slot& slot) const { return slot.given_up && slot.frame == newest_; }
  bool may_emit(const Slot& slot) const;
  const Slot* find(Sequence frame) const;
  bool is_key(const Slot& slot) const;
  bool is_in_chain(const Slot& slot) const;
  bool is_unusable(const Slot& slot) const;
  void drop_unusable(Slot& slot, Output& out);
  void follow_chain(Instant now, Output& out);

  const Options options_;
  Ring<Slot> slots_{kMaxSlots};  // consecutive frame numbers, oldest first
  static constexpr size_t kMaxSlots = 256;
  std::array<Assembly, kMaxAssemblies> assemblies_;
  std::array<bool, kMaxAssemblies> busy_{};
  bool joined_ = false;
  Sequence next_;  // the frame after the newest slot
  size_t expected_bytes_ = 0;
  size_t held_bytes_ = 0;
  Counters counters_;
  ArrivalTiming timing_;
  Duration rtt_ = std::chrono::milliseconds(100);
  Instant loses_until_{};
  Sequence newest_;  // frame
  uint32_t packets_of_newest_ = 0;
  FrameRhythm rhythm_;
  std::optional<Slot> ahead_;  // the frame next_, of which nothing has come: it may be lost whole
  Ring<wire::Deficit> deficits_{256};
  std::optional<Sequence> chain_;  // the newest frame that was handed on, where what depends on it may follow
  bool dependent_ = false;         // not every frame is a key frame
  bool wants_key_ = false;
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_{4};  // idle ones may be as large as the largest frame was
};

}  // namespace glimt::reassemble

// ReceiveSession: one sender, as its receiver knows it: reassembly, what is reported back, clocks.
//
//   input    its packets; units taken by the reader; now
//   output   strips to a sink, stamps mapped to our clock; control packets; when to be polled next
//   threads  bound to the network thread; reads no clock
//   memory   the reassembler's
#pragma once

#include "feedback/arrival_log.hpp"
#include "glimt/stats.hpp"
#include "pipeline/association.hpp"
#include "reassemble/reassembler.hpp"
#include "transport/address.hpp"

namespace glimt::pipeline {

class ReceiveSession final : private reassemble::Reassembler::Output {
 public:
  struct Options {
    Mode mode = Mode::latest;
    Duration latency = std::chrono::milliseconds(100);
    size_t max_frame_bytes = size_t{64} << 20;
    bool whole_only = false;
    bool reliable = false;
    // Nothing is said and nothing asked for: what parity does not give back stays away.
    bool one_way = false;
  };
  struct Counters {
    reassemble::Reassembler::Counters frames;
    uint64_t packets = 0, packets_repeated = 0, packets_lost = 0, bytes = 0;
    uint64_t refused = 0, unknown = 0;
    uint64_t key_requests = 0;
    uint64_t old =
        0;  // whole frames that had waited while this process was stopped, and were given up for newer ones

    Counters& operator+=(const Counters& other);
    void add_to(SubscriberStats& stats) const;
  };
  // What the rest of the receiver contributes to a report.
  struct ReaderState {
    uint64_t taken_units = 0;
    Duration oldest_wait{};
    uint32_t kernel_drops = 0;
    bool wants_key = false;
  };

  ReceiveSession(const transport::Peer& peer, Association association, const Options& options,
                 media::StripSink& sink);
  ~ReceiveSession() override;

  // Once the association is open; again where the sender was restarted.
  // `taken_units`: what the reader had taken before.
  void start(uint64_t taken_units);
  bool started() const { return reassembler_.has_value(); }
  // What was begun is abandoned.
  void stop();

  Association::Event on_packet(const wire::Packet& packet, size_t datagram_bytes, Instant now, Outbox& out);
  // The reader has taken units: the sender is told.
  void note_taken() { dirty_ = true; }
  void poll(Instant now, const ReaderState& reader, Outbox& out);
  Instant next_poll() const;

  Counters counters() const;

  Association association;
  const transport::Peer peer;

 private:
  void begin(const Ref<media::AccessUnit>& unit) override;
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) override;
  void end(const Ref<media::AccessUnit>& unit) override;
  void abandon(const Ref<media::AccessUnit>& unit) override;
  void fate(const wire::FrameFate& fate) override;

  template <class P>
  void on_symbol(const wire::Packet& packet, wire::Parsed<P> (&parse)(const wire::Packet&), Instant now);
  void take_deficits();
  void forget_what_is_answered();
  Duration report_interval() const;
  void report(Instant now, const ReaderState& reader, Outbox& out);
  bool note_key_wanted(bool reader_wants);
  Sequence taken(uint64_t taken_units);

  // latest: what waited in the kernel while this process was stopped. It is held back: most likely a newer one is on
  // its way, but it may as well be the newest that there is.
  struct Held {
    Ref<media::AccessUnit> unit;
    std::vector<media::Strip> strips;
    bool whole = false;
  };
  Held* find_held(const Ref<media::AccessUnit>& unit);
  void drop_held_before(Sequence frame);
  void release_held();

  struct Reported {
    wire::FrameFate fate;
    uint32_t first_report = 0;
  };
  struct Asked {
    wire::Deficit deficit;
    uint32_t first_report = 0;
  };
  struct Settled {
    Sequence frame;
    bool handed_on = false;
  };

  const Options options_;
  media::StripSink& sink_;
  std::optional<reassemble::Reassembler> reassembler_;
  feedback::ArrivalLog arrivals_;
  Counters counters_;
  Ring<Reported> fates_{wire::Feedback::kMaxFates};
  Ring<Asked> asked_{wire::Feedback::kMaxDeficits};
  Ring<Settled> settled_{256};
  Sequence taken_;
  std::vector<Held> held_;  // at most one of them whole
  Instant release_held_at_ = Instant::max();
  uint64_t units_popped_ = 0;
  uint32_t report_ = 0;
  int repeats_left_ = 0;
  bool dirty_ = false;
  bool fate_due_ = false;
  bool deficit_due_ = false;
  bool any_fate_ = false;
  std::optional<Sequence> ended_;  // the frame that was last handed on
  std::optional<Sequence> key_wanted_after_;
  Instant last_report_{};
};

}  // namespace glimt::pipeline

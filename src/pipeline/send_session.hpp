// SendSession: one receiver, as its sender knows it: what waits for it, what it has reported, how
// fast it is fed, how much parity it needs.
//
//   input    its packets; units of the stream, and those that were last sent; now
//   output   packets into a transport; when to be pumped next
//   threads  bound to the network thread; reads no clock
//   memory   its queue of references; the units are the stream's
#pragma once

#include "feedback/loss_model.hpp"
#include "glimt/stats.hpp"
#include "packetize/pacer.hpp"
#include "packetize/packet_batch.hpp"
#include "packetize/packet_history.hpp"
#include "packetize/repair_queue.hpp"
#include "packetize/send_queue.hpp"
#include "pipeline/association.hpp"
#include "transport/transport.hpp"

namespace glimt::pipeline {

class SendSession {
 public:
  static constexpr auto kMaxBehind = std::chrono::seconds(1);

  struct Options {
    packetize::Pacer::Options pacing;
    // Parity of so much of the data, whatever is lost. Nothing: as much as the reports say.
    std::optional<double> parity;
    // Nothing is ever heard of the receiver.
    bool one_way = false;
  };
  struct Counters {
    uint64_t frames = 0;              // sent whole
    uint64_t dropped = 0;             // left out for this receiver
    uint64_t packets = 0, bytes = 0;  // with parity and repair
    uint64_t parity = 0, repair = 0;  // packets
    uint64_t refused = 0;
    uint64_t key_requests = 0;

    ReceiverStats as_stats() const;
  };

  SendSession(const transport::Peer& peer, Association association, const Options& options);

  // Once the association is open; again where the receiver was restarted.
  void start(Ref<packetize::SymbolUnit> newest_key);
  // It takes the frames of a SharedStream, under that number, and no units.
  void start_sharing(uint32_t shared_id) { shared_id_ = shared_id; }
  const std::optional<uint32_t>& shared_id() const { return shared_id_; }
  bool started() const { return queue_.has_value() || shared_id_.has_value(); }
  void stop() {
    queue_.reset();
    shared_id_.reset();
  }

  void on_feedback(const wire::Packet& packet, const packetize::PacketHistory& history, Instant now);
  void offer(Ref<packetize::SymbolUnit> unit, Instant now);
  // Sends what is due. `interval`: between frames, 0 where unknown.
  void pump(Instant now, Duration interval, transport::Transport& transport, packetize::PacketBatch& batch,
            Outbox& out);
  Instant next_pump() const;
  void close(wire::CloseReason reason, Outbox& out);

  // Could do something with a further frame at this moment.
  bool ready() const { return queue_ && (!queue_->full() || (quiet_ && mode() == Mode::latest)); }
  // Nothing but a key frame can be sent to it, and at this moment one could.
  bool wants_key() const { return queue_ && association.is_open() && !quiet_ && queue_->wants_key(); }
  // It has not been heard for so long that it may be stopped or gone: until it is, nothing is sent to it, and
  // the newest frame waits.
  bool is_quiet() const { return quiet_; }
  bool drained() const;
  // An `every` receiver has had no room for a second.
  bool too_slow(Instant now) const;
  Mode mode() const { return association.peer().mode; }

  Association association;
  const transport::Peer peer;
  Counters counters;
  feedback::LossMeter loss;

 private:
  uint8_t fixed_rows(const packetize::SymbolUnit& unit, uint32_t blocks) const;
  void on_key_wanted(Sequence after, Instant now);
  // When, of an `every` receiver, one more frame is sent to find out what became of those on their way: where all packets
  // of the last ones were lost, the receiver does not know of them.
  Instant next_probe() const;
  void tell_left_out(Outbox& out);
  void answer(const wire::Feedback& report, const packetize::PacketHistory& history, Instant now);
  void answer_block(const Ref<packetize::SymbolUnit>& unit, const wire::Deficit& deficit, uint8_t block,
                    Instant now);
  feedback::ParityPlanner::Plan plan_for(const packetize::SymbolUnit& unit, Instant now);
  void begin(packetize::SymbolUnit& unit, Duration interval, Instant now);
  void send_repairs(Instant now, transport::Transport& transport, packetize::PacketBatch& batch);
  size_t send_batch(Instant now, transport::Transport& transport, const packetize::PacketBatch& batch);
  size_t send_some(size_t room, Instant now, transport::Transport& transport, packetize::PacketBatch& batch);

  const Options options_;
  std::optional<packetize::SendQueue> queue_;
  std::optional<uint32_t> shared_id_;
  packetize::Pacer pacer_;
  packetize::RepairQueue repairs_;
  feedback::LossModel model_;
  feedback::ParityPlanner planner_;
  feedback::ParityPlanner::Plan plan_;  // of the unit that is being sent
  size_t paced_bytes_ = 0;              // of the unit that is being sent, as far as it was known
  bool blocked_ = false;
  bool starved_ = true;  // nothing waits, or of a picture in strips only what is not encoded yet
  bool quiet_ = false;
  bool has_reported_ = false;
  bool unproven_ =
      false;  // has proven its address and nothing else: a single frame until it says that it came
  Instant full_since_ = Instant::max();
  Instant key_at_{};  // a key frame was offered then
  std::optional<Sequence> taken_;
  std::optional<Sequence> settled_;  // the newest frame whose fate was told
  Instant progress_at_{};            // a frame was begun, or a fate told
  bool reliable_ = false;
};

}  // namespace glimt::pipeline

// SendStream: one encoded stream and all its destinations. Symbols and history exist once; destinations come
// and go by id.
//
//   input    strips from the encode thread; destinations, and watchers in this process
//   output   packets at each destination, whole units at each watcher; what the receivers could use next
//   threads  the StripSink is bound to one encode thread; add, remove, watch, unwatch, request_key, stats, demand and
//            wait are thread-safe; the rest is bound to the network thread
//   memory   64 strips on their way to the network thread; the history of each way of cutting in use
#pragma once

#include <atomic>
#include <map>
#include <variant>

#include "base/queue.hpp"
#include "packetize/packet_history.hpp"
#include "pipeline/destination.hpp"
#include "pipeline/network_thread.hpp"
#include "pipeline/unit_watchers.hpp"

namespace glimt::pipeline {

class SendStream final : public media::StripSink, private Destination::Stream {
 public:
  struct Demand {
    size_t receivers = 0;  // watchers too
    size_t sharing = 0;    // of these: those that take frames in shared memory, and no units
    size_t ready = 0;      // could take a further unit at this moment
    size_t units() const { return receivers - sharing; }
    bool lone_every = false;
  };

  // `on_units_wanted`: the first receiver that takes units has come. `send_again`, while the newest unit is of a codec whose
  // pictures depend on each other: a key frame is wanted and no newer picture comes; it has the newest one encoded once
  // more. Both are called on the network thread.
  SendStream(std::shared_ptr<NetworkThread> network, std::optional<size_t> slots,
             std::function<void()> on_units_wanted, std::function<void()> send_again);
  ~SendStream() override;

  Result<uint32_t> add(const Destination::Options& options);
  bool remove(uint32_t id);
  // `on_unit` is called on the network thread with each whole unit, first with the newest where that decodes alone; with an empty
  // Ref once the stream is closed. It must not block. After unwatch() it is not called any more.
  uint32_t watch(UnitWatchers::OnUnit on_unit);
  bool unwatch(uint32_t id);
  // Some watcher can use nothing but a key frame.
  void request_key();
  std::vector<DestinationStats> stats();
  Demand demand() const;
  SharedStream& shared() override { return shared_; }
  // A newer picture than the newest unit is there: whoever joins waits for that.
  void note_newer_picture() { newer_picture_ = true; }
  // The next picture is to be a key frame; for the encode thread, which asks once for each.
  bool take_key_request() { return key_requested_.exchange(false); }
  // Waits until `good` says so or the deadline has passed.
  template <class Predicate>
  void wait(Instant deadline, Predicate good) {
    MutexLock lock(m_);
    while (!good(demand_) && demand_changed_.wait_until(m_, deadline)) {
    }
  }
  // Lets the queues run empty for at most `drain`, says good-bye and removes every destination.
  void close(wire::CloseReason reason, Duration drain);

  void begin(const Ref<media::AccessUnit>& unit) override;
  void strip(const Ref<media::AccessUnit>& unit, const media::Strip& strip) override;
  void end(const Ref<media::AccessUnit>& unit) override;
  void abandon(const Ref<media::AccessUnit>& unit) override;

 private:
  struct Event {
    enum class Kind { begin, strip, end, abandon } kind = Kind::begin;
    Ref<media::AccessUnit> unit;
    media::Strip strip;
  };
  // What is made once for all receivers whose units are cut alike.
  using Cut = packetize::Packetizer::Options;
  struct Profile {
    std::unique_ptr<packetize::Packetizer> packetizer;
    packetize::PacketHistory history{{}};
    Ref<packetize::SymbolUnit> current;
  };

  // Empty where there is a newer picture.
  Ref<packetize::SymbolUnit> newest_key(const Cut& cut) override;
  const packetize::PacketHistory& history(const Cut& cut) override { return profile(cut).history; }
  Duration frame_interval() const override { return interval_; }
  void demand_changed() override;
  bool may_let_go() const override;

  void put(Event event);
  void drain_inlet();
  void apply(const Event& event);
  void complain(const Result<void>& done);
  void consider_key();
  void on_key_timer();
  void begin_unit(const Event& event);
  Profile& profile(const Cut& cut);

  const std::shared_ptr<NetworkThread> network_;
  const std::function<void()> on_units_wanted_, send_again_;
  SharedStream shared_;
  std::atomic<bool> newer_picture_{false};
  std::atomic<bool> key_requested_{false};
  Queue<Event> inlet_{64};
  transport::EventLoop::Signal inlet_signal_;

  // bound to the network thread
  std::map<uint32_t, std::unique_ptr<Destination>> destinations_;
  std::map<Cut, Profile> profiles_;
  UnitWatchers watchers_;
  uint32_t next_id_ = 1;
  Sequence next_frame_{1};
  std::string last_complaint_;
  uint64_t offered_ = 0;  // to the sessions
  Instant last_begin_{};
  Duration interval_{};
  transport::EventLoop::Timer key_timer_;
  bool dependent_ = false;                   // the newest unit's codec: not each frame of it is a key frame
  Instant key_begun_at_{}, key_asked_at_{};  // asked: since the last one began

  mutable Mutex m_;
  Condition demand_changed_;
  Demand demand_ GLIMT_GUARDED_BY(m_);
  uint64_t begun_ GLIMT_GUARDED_BY(m_) = 0;  // by the encoder; ahead of offered_ by what stands in the inlet
};

}  // namespace glimt::pipeline

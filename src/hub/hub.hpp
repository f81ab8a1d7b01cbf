// Hub: streams by name, their sources and destinations, changed while they run.
//
//   auto hub = Hub::open(options, configured);
//   (*hub)->add_destination("cam0", {.id = "", .url = "udp://10.0.0.5:5000"});
//
//   input    settings; what may not be is refused before anything is touched
//   output   states, events, snapshots. What was acknowledged stands in the state file
//   errors   not_found, already_exists, invalid_argument, exhausted (a limit), unavailable (the hub is closing, or the state file
//            cannot be written: nothing was changed), each with the cure. A source or destination that cannot be opened is no error: it
//            is told and tried again
//   threads  thread-safe. Changes of one stream come one after the other and may wait for a name to be looked up; streams do not wait
//            for each other, and nothing that only looks waits for a change. Two threads of its own, one that samples and one
//            that tries again; with `manual_ticks` none, and tick() does both, in virtual time where `clock` is
//   memory   Limits
#pragma once

#include "base/thread.hpp"
#include "hub/hub_stream.hpp"
#include "hub/overlay.hpp"

namespace glimt::hub {

class Hub {
 public:
  static constexpr Duration kSampleEvery = std::chrono::milliseconds(250);

  struct Options {
    Limits limits;
    std::string state_path;  // empty: what is changed is gone with the process
    MakeStreamEngine make_engine = make_stream_engine;
    std::function<Instant()> clock = now;
    bool manual_ticks = false;
    uint64_t seed = 0;  // of the jitter of retries; 0: by chance
  };
  // Streams as `configured`, changed as the state file says. A damaged state file is kept aside, and said.
  static Result<std::unique_ptr<Hub>> open(Options options, const std::vector<StreamSettings>& configured);
  ~Hub();

  // With settings that a stream has already: that stream, and nothing happens.
  Result<StreamStatus> add_stream(StreamSettings settings);
  // `edit` gets the settings as they are and makes them what they are to be, or says why that cannot be.
  using Edit = std::function<Result<void>(StreamSettings&)>;
  Result<StreamStatus> update_stream(const std::string& name, const Edit& edit);
  Result<void> remove_stream(const std::string& name);
  // With an id and address that are there already: that destination, and nothing happens. Without an id it gets one.
  Result<DestinationStatus> add_destination(const std::string& stream, DestinationSettings settings);
  Result<void> remove_destination(const std::string& stream, const std::string& id);

  std::vector<StreamStatus> streams() const;  // by name
  Result<StreamStatus> stream(const std::string& name) const;
  Result<Snapshot> snapshot(const std::string& name) const;
  // As UnitWatch says.
  Result<std::unique_ptr<UnitWatch>> watch_units(const std::string& name, WatchAs as, OnUnit on_unit) const;

  struct Reload {
    std::vector<std::string> added, changed, removed;
  };
  // Does what is said otherwise than when it was last configured; all other streams stay as they are. Where one cannot be as it is
  // said, it stays as it was, the others are done, and the error names it.
  Result<Reload> reload(const std::vector<StreamSettings>& configured);

  Journal& journal() { return journal_; }
  // Looks after sources and destinations, where ticks are manual.
  void tick();
  // Says good-bye everywhere; every change after it fails with unavailable.
  void close();

 private:
  using StreamRef = std::shared_ptr<HubStream>;

  explicit Hub(Options options);
  Result<void> restore(const std::vector<StreamSettings>& configured);
  Result<StreamRef> insert(const StreamSettings& settings);
  StreamRef make(const StreamSettings& settings);
  Result<StreamRef> find(const std::string& name) const;
  std::vector<StreamRef> all() const;
  size_t destinations_but(const std::string& name) const;
  Result<void> keep(const std::string& name, const std::optional<StreamSettings>& settings);
  Result<void> change(HubStream& stream, const StreamSettings& to) GLIMT_REQUIRES(stream.changing);
  void note_destinations(const StreamSettings& from, const StreamSettings& to);
  void note(Event::Kind kind, const std::string& stream, const std::string& destination = "",
            const std::string& text = "");
  Result<void> check_limits(const StreamSettings& to) const;
  Result<void> reload_stream(const std::string& name, const Configured& wanted, Reload& done);
  // Until the hub closes.
  void repeat(Duration every, void (Hub::*work)());
  void sample();
  void retry();

  const Options options_;
  Journal journal_;

  Mutex adding_;  // streams come and go one at a time

  // What stands on the disk. Held while it is written.
  Mutex kept_m_;
  std::unique_ptr<StateFile> state_file_ GLIMT_GUARDED_BY(kept_m_);
  Configured configured_ GLIMT_GUARDED_BY(kept_m_);
  Changes changes_ GLIMT_GUARDED_BY(kept_m_);

  mutable Mutex m_;
  Condition woken_;
  std::map<std::string, StreamRef> streams_ GLIMT_GUARDED_BY(m_);
  uint64_t next_seed_ GLIMT_GUARDED_BY(m_);
  bool closing_ GLIMT_GUARDED_BY(m_) = false;

  Thread sampler_, retrier_;  // last: they use all of the above
};

}  // namespace glimt::hub

// HubStream: one stream of a hub: its engine, its destinations and how they fare.
//
//   input    settings that were checked; samples and attempts when the hub says so
//   output   its status; events
//   errors   open, change: of an engine or encoding that cannot be; nothing was changed then. A source or destination that cannot be
//            opened is told in the status and tried again
//   threads  open(), settle(), change(), retry() and close() one at a time, held together by `changing`; they may wait for a name to be looked
//            up. Everything else is thread-safe and waits for none of these
//   memory   its settings, and counters for each destination
#pragma once

#include <map>

#include "base/mutex.hpp"
#include "hub/back_off.hpp"
#include "hub/destination_watch.hpp"
#include "hub/journal.hpp"
#include "hub/unit_watch.hpp"

namespace glimt::hub {

class HubStream {
 public:
  HubStream(StreamSettings settings, MakeStreamEngine make_engine, Journal& journal, uint64_t seed,
            Instant at);

  Mutex changing;

  // Makes the engine. Then settle() opens source and destinations.
  Result<void> open(Instant at) GLIMT_REQUIRES(changing);
  void settle(Instant at) GLIMT_REQUIRES(changing);
  // What the next change() needs and may be refused.
  Result<void> prepare(const StreamSettings& to) GLIMT_REQUIRES(changing);
  void change(const StreamSettings& to, Instant at) GLIMT_REQUIRES(changing);
  // Destinations, or the engine, whose time to be tried again has come.
  void retry(Instant at) GLIMT_REQUIRES(changing);
  void close() GLIMT_REQUIRES(changing);
  bool closed() const GLIMT_REQUIRES(changing) { return closed_; }

  StreamSettings settings() const;
  size_t destination_count() const;
  StreamStatus status(Instant at) const;
  Result<DestinationStatus> destination(const std::string& id, Instant at) const;
  Result<Snapshot> snapshot() const;
  Result<std::unique_ptr<UnitWatch>> watch_units(WatchAs as, OnUnit on_unit) const;
  // Looks at what was counted since the last time.
  void sample(Instant at);
  // Instant::max() where nothing waits.
  Instant next_attempt() const;

 private:
  struct Destination {
    DestinationSettings settings;
    DestinationWatch watch;
    BackOff back_off;
    std::optional<uint32_t> engine_id;  // nothing: refused
    Instant retry_at{};
    uint64_t retries = 0;
    DestinationStats stats;
  };

  std::shared_ptr<StreamEngine> engine() const;
  Result<std::shared_ptr<StreamEngine>> running() const;  // or why not
  void remove_others(const StreamSettings& to) GLIMT_REQUIRES(changing);
  void add(const DestinationSettings& settings, Instant at) GLIMT_REQUIRES(changing);
  void try_destination(const std::string& id, Instant at) GLIMT_REQUIRES(changing);
  void tell(const std::string& id, const Destination& destination);
  void sample_source();
  static DestinationStatus status_of(const Destination& destination, Instant at);
  StreamEngine::SourceStatus source() const;

  const MakeStreamEngine make_engine_;
  Journal& journal_;

  bool settled_ GLIMT_GUARDED_BY(changing) = false, closed_ GLIMT_GUARDED_BY(changing) = false;
  BackOff engine_back_off_ GLIMT_GUARDED_BY(changing);
  uint64_t seed_ GLIMT_GUARDED_BY(changing);

  mutable Mutex m_;
  StreamSettings settings_ GLIMT_GUARDED_BY(m_);
  std::shared_ptr<StreamEngine> engine_ GLIMT_GUARDED_BY(m_);
  std::string engine_why_ GLIMT_GUARDED_BY(m_) = "not opened yet";  // where there is none
  Instant engine_retry_at_ GLIMT_GUARDED_BY(m_) = Instant::max();
  std::map<std::string, Destination> destinations_ GLIMT_GUARDED_BY(m_);
  PublisherStats stats_ GLIMT_GUARDED_BY(m_);
  double fps_ GLIMT_GUARDED_BY(m_) = 0;
  uint64_t fps_frames_ GLIMT_GUARDED_BY(m_) = 0;
  Instant fps_since_ GLIMT_GUARDED_BY(m_);
  std::pair<StreamState, std::string> told_ GLIMT_GUARDED_BY(m_){StreamState::opening, ""};
};

}  // namespace glimt::hub

// Hub: streams by name, their sources and destinations, changed while they run.
//
//   auto hub = Hub::open(options, configured);
//   hub->add_destination("cam0", {.id = "", .url = "udp://10.0.0.5:5000"});
//
//   input    settings; what may not be is refused before anything is touched
//   output   states, events, snapshots. What was acknowledged stands in the state file
//   errors   not_found, already_exists, invalid_argument, exhausted (a limit), unavailable (the state file cannot be written: nothing was
//            changed), each with the cure. A source or destination that cannot be opened is no error: it is told and tried again
//   threads  thread-safe; one change of a stream at a time, streams do not wait for each other's. `clock` and `tick` make it run in
//            virtual time; without `manual_ticks` a thread of its own ticks
//   memory   Limits
#pragma once

#include <map>
#include <memory>

#include "base/thread.hpp"
#include "hub/journal.hpp"
#include "hub/stream_engine.hpp"

namespace glimt::hub {

class StateFile;

class Hub {
 public:
  struct Options {
    Limits limits;
    std::string state_path;  // empty: what is changed is gone with the process
    MakeStreamEngine make_engine = make_stream_engine;
    std::function<Instant()> clock = now;
    bool manual_ticks = false;
    uint64_t seed = 0;  // of the jitter of retries; 0: by chance
  };
  // Streams as `configured`, changed as the state file says. A damaged state file is kept aside, and said.
  static Result<std::unique_ptr<Hub>> open(Options options, std::vector<StreamSettings> configured);
  ~Hub();

  // `settings` of a stream that is there, exactly the same: that stream, and nothing happens.
  Result<StreamStatus> add_stream(StreamSettings settings);
  Result<StreamStatus> update_stream(const std::string& name, const StreamUpdate& update);
  Result<void> remove_stream(const std::string& name);
  // The same id and address again: that destination, and nothing happens.
  Result<DestinationStatus> add_destination(const std::string& stream, DestinationSettings settings);
  Result<void> remove_destination(const std::string& stream, const std::string& id);

  std::vector<StreamStatus> streams();
  Result<StreamStatus> stream(const std::string& name);
  Result<Snapshot> snapshot(const std::string& name);

  struct Reload {
    std::vector<std::string> added, changed, removed;
  };
  // What is said of a stream otherwise than when it was last configured is done; all others stay as they are.
  Result<Reload> reload(std::vector<StreamSettings> configured);

  Journal& journal() { return journal_; }
  // Looks after sources and destinations; when to be called next.
  Instant tick();
  // Says good-bye everywhere; every call after it fails with unavailable.
  void close();

 private:
  struct Stream;
  explicit Hub(Options options);

  const Options options_;
  Journal journal_;
  std::unique_ptr<StateFile> state_file_;
  mutable Mutex m_;
  std::map<std::string, std::shared_ptr<Stream>> streams_ GLIMT_GUARDED_BY(m_);
  Thread thread_;
};

}  // namespace glimt::hub

// StreamEngine: what makes the pictures of one stream flow. The hub decides; this does.
//
//   input    a source, an encoding, destinations; all may change while pictures flow
//   output   states and counters
//   errors   with the cure; what runs goes on as it was
//   threads  one call at a time but for snapshot(), watch(), unwatch(), request_key() and the getters, which are thread-safe
//   memory   as `Sender`, and the newest picture
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "hub/settings.hpp"
#include "hub/state.hpp"
#include "media/access_unit.hpp"

namespace glimt::hub {

using OnUnit = std::function<void(const Ref<media::AccessUnit>&)>;
// What a watcher is handed: units as the stream is encoded, or JPEG whatever that is.
enum class WatchAs { stream, jpeg };

class StreamEngine {
 public:
  struct SourceStatus {
    StreamState state = StreamState::opening;
    std::string why, description;
    uint64_t reopened = 0;
    int width = 0, height = 0;
  };
  virtual ~StreamEngine() = default;

  // Source, format, filter, loop and pause as `settings` say. Does not wait for the source: it is opened beside the one that
  // runs, which gives pictures until the new one does; then too trouble of the new one is told. One that does not open, or is
  // lost, is tried again. A file waits for its first receiver; resumed at its end, it begins anew.
  virtual void set_source(const StreamSettings& settings) = 0;
  // From the next picture on. Destinations must agree with it, as check() holds them to; over unix:// whoever takes raw pictures
  // in shared memory goes on doing so.
  virtual Result<void> set_encoding(const StreamSettings& settings) = 0;
  virtual Result<uint32_t> add(const std::string& url) = 0;
  virtual bool remove(uint32_t id) = 0;

  virtual SourceStatus source() const = 0;
  // Destinations in the order of their ids.
  virtual PublisherStats stats() = 0;
  // The newest picture that was sent. unavailable where there is none yet.
  virtual Result<Snapshot> snapshot() = 0;
  // As UnitWatch says. Watchers count as receivers: pictures are encoded for them.
  virtual Result<uint32_t> watch(WatchAs as, OnUnit on_unit) = 0;
  virtual void unwatch(uint32_t id) = 0;
  virtual void request_key() = 0;
  // Says good-bye to all receivers. Nothing is sent after it.
  virtual void close() = 0;
};

using MakeStreamEngine = std::function<Result<std::unique_ptr<StreamEngine>>(const StreamSettings&)>;
// With a sender, and a thread for the source. Neither source nor destinations are there yet.
Result<std::unique_ptr<StreamEngine>> make_stream_engine(const StreamSettings& settings);

}  // namespace glimt::hub

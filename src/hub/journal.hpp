// Journal: what happened, in order, for any number of watchers that read at their own pace.
//
//   output   events by number; a watcher that falls behind is told how many it missed
//   threads  thread-safe; `wake` is called on the thread of whoever wrote, and must not block or call back
//   memory   `capacity` events
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace glimt::hub {

struct Event {
  enum class Kind {
    stream_added,
    stream_changed,  // settings
    stream_removed,
    stream_state,  // text: the new state, and why
    destination_added,
    destination_removed,
    destination_state,  // text: the new state, and why
    reloaded,
    closing,
  };
  uint64_t number = 0;  // 1, 2, 3…
  int64_t time_ms = 0;  // of the wall clock, since 1970
  Kind kind = Kind::stream_added;
  std::string stream, destination, text;
};
std::string_view to_string(Event::Kind kind);

class Journal {
 public:
  explicit Journal(size_t capacity = 1024) : capacity_(capacity) {}

  void write(Event event);

  struct Read {
    std::vector<Event> events;
    uint64_t missed = 0;  // before the first of these
    uint64_t next = 0;    // to go on with
  };
  // What is there from `next` on, at most `most`; 0: from now on.
  Read read(uint64_t next, size_t most = 64) const;
  uint64_t newest() const;

  // Called for each event from now on. The last unwatch() of a wake that runs waits for its end.
  uint64_t watch(std::function<void()> wake);
  void unwatch(uint64_t id);

 private:
  const size_t capacity_;
  mutable Mutex m_;
  std::deque<Event> events_ GLIMT_GUARDED_BY(m_);
  uint64_t newest_ GLIMT_GUARDED_BY(m_) = 0;
  Mutex watchers_m_;
  std::map<uint64_t, std::function<void()>> watchers_ GLIMT_GUARDED_BY(watchers_m_);
  uint64_t next_watcher_ GLIMT_GUARDED_BY(watchers_m_) = 1;
};

}  // namespace glimt::hub

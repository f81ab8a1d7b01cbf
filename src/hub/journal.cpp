#include "hub/journal.hpp"

#include <algorithm>

namespace glimt::hub {

std::string_view to_string(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::stream_added:
      return "stream_added";
    case Event::Kind::stream_changed:
      return "stream_changed";
    case Event::Kind::stream_removed:
      return "stream_removed";
    case Event::Kind::stream_state:
      return "stream_state";
    case Event::Kind::destination_added:
      return "destination_added";
    case Event::Kind::destination_removed:
      return "destination_removed";
    case Event::Kind::destination_state:
      return "destination_state";
    case Event::Kind::reloaded:
      return "reloaded";
    case Event::Kind::closing:
      return "closing";
  }
  return "unknown";
}

void Journal::write(Event event) {
  {
    MutexLock lock(m_);
    event.number = ++newest_;
    event.time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
    events_.push_back(std::move(event));
    if (events_.size() > capacity_) events_.pop_front();
  }
  MutexLock lock(watchers_m_);
  for (const auto& [id, wake] : watchers_) wake();
}

Journal::Read Journal::read(uint64_t next, size_t most) const {
  MutexLock lock(m_);
  Read read;
  read.next = next == 0 ? newest_ + 1 : next;
  if (read.next > newest_) return read;
  const uint64_t oldest = events_.front().number;
  if (read.next < oldest) {
    read.missed = oldest - read.next;
    read.next = oldest;
  }
  const auto first = events_.begin() + static_cast<std::ptrdiff_t>(read.next - oldest);
  const auto n = std::min<uint64_t>(most, newest_ + 1 - read.next);
  read.events.assign(first, first + static_cast<std::ptrdiff_t>(n));
  read.next += n;
  return read;
}

uint64_t Journal::newest() const {
  MutexLock lock(m_);
  return newest_;
}

uint64_t Journal::watch(std::function<void()> wake) {
  MutexLock lock(watchers_m_);
  watchers_[next_watcher_] = std::move(wake);
  return next_watcher_++;
}

void Journal::unwatch(uint64_t id) {
  MutexLock lock(watchers_m_);
  watchers_.erase(id);
}

}  // namespace glimt::hub

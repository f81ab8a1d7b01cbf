#include "control/grpc_watchers.hpp"

#include <algorithm>

namespace glimt::control {

std::shared_ptr<const v1::ListStreamsResponse> Turn::streams() {
  if (!streams_) {
    auto all = std::make_shared<v1::ListStreamsResponse>();
    to_proto(hub.streams(), all.get());
    streams_ = std::move(all);
  }
  return streams_;
}

Watchers::Watchers(hub::Hub& hub, int most)
    : hub_(hub), most_(static_cast<size_t>(std::max(most, 0))), next_event_(hub.journal().newest() + 1) {
  wake_id_ = hub_.journal().watch([this] { wake(); });
  thread_ = Thread("glimt-watchers", [this] { run(); });
}

Watchers::~Watchers() {
  hub_.journal().unwatch(wake_id_);
  {
    MutexLock lock(m_);
    over_ = true;
  }
  word_.notify_one();
  thread_.join();
}

bool Watchers::add(Watcher* watcher) {
  {
    MutexLock lock(m_);
    if (watchers_.size() >= most_) return false;
    watchers_.push_back({next_number_++, watcher});
    woken_ = true;
  }
  word_.notify_one();
  return true;
}

void Watchers::wake() {
  {
    MutexLock lock(m_);
    woken_ = true;
  }
  word_.notify_one();
}

void Watchers::close() {
  {
    MutexLock lock(m_);
    closing_ = true;
  }
  wake();
}

size_t Watchers::count() const {
  MutexLock lock(m_);
  return watchers_.size();
}

void Watchers::look_for_closing() {
  for (;;) {
    const auto read = hub_.journal().read(next_event_);
    next_event_ = read.next;
    if (read.events.empty()) return;
    for (const auto& event : read.events) hub_is_closing_ |= event.kind == hub::Event::Kind::closing;
  }
}

void Watchers::run() {
  auto next = Instant::max();
  for (;;) {
    std::vector<Entry> all;
    std::vector<uint64_t> gone;
    bool closing = false;
    {
      MutexLock lock(m_);
      while (!woken_ && !over_ && now() < next) {
        // Condition variables of the C++ library do not take the end of time.
        if (next == Instant::max()) {
          word_.wait(m_);
        } else {
          word_.wait_until(m_, next);
        }
      }
      if (over_) return;
      woken_ = false;
      all = watchers_;
      closing = closing_;
    }
    look_for_closing();
    Turn turn(hub_, closing || hub_is_closing_);
    next = Instant::max();
    for (const Entry& entry : all) {
      if (entry.watcher->step(turn)) {
        next = std::min(next, entry.watcher->due());
      } else {
        gone.push_back(entry.number);
      }
    }
    MutexLock lock(m_);
    for (const uint64_t number : gone)
      std::erase_if(watchers_, [number](const Entry& entry) { return entry.number == number; });
  }
}

}  // namespace glimt::control

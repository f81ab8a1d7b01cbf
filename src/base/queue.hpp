// Queue: a bounded hand-over from one thread to another, with a named policy for when it is full.
//
//   put       newest wins: the oldest item gives way, and the caller is told
//   try_put   only where there is room
//   put_wait  blocks until there is room or the queue is closed; wait_for_room only waits, until a deadline
//   take      waits until there is an item, the deadline has passed, it is woken, or the queue is closed and empty
//   threads   thread-safe
//   memory    `capacity` items, taken at construction
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace glimt {

template <class T>
class Queue {
 public:
  enum class Put { taken, displaced_oldest, closed };

  explicit Queue(size_t capacity) : slots_(capacity) {}

  Put put(T item) {
    std::optional<T> displaced;  // destroyed outside the lock
    {
      MutexLock lock(m_);
      if (closed_) return Put::closed;
      if (count_ == slots_.size()) displaced = pop();
      push(std::move(item));
    }
    filled_.notify_one();
    return displaced ? Put::displaced_oldest : Put::taken;
  }

  bool try_put(T item) {
    {
      MutexLock lock(m_);
      if (closed_ || count_ == slots_.size()) return false;
      push(std::move(item));
    }
    filled_.notify_one();
    return true;
  }

  // False where the queue was closed.
  bool put_wait(T item) {
    {
      MutexLock lock(m_);
      while (count_ == slots_.size() && !closed_) drained_.wait(m_);
      if (closed_) return false;
      push(std::move(item));
    }
    filled_.notify_one();
    return true;
  }

  // True once there is room or the queue is closed.
  bool wait_for_room(Instant deadline) {
    MutexLock lock(m_);
    while (count_ == slots_.size() && !closed_) {
      if (!drained_.wait_until(m_, deadline)) return count_ < slots_.size() || closed_;
    }
    return true;
  }

  std::optional<T> take(Instant deadline) {
    std::optional<T> item;
    {
      MutexLock lock(m_);
      while (count_ == 0 && !closed_ && !woken_) {
        if (!filled_.wait_until(m_, deadline)) break;
      }
      woken_ = false;
      if (count_ > 0) item = pop();
    }
    if (item) drained_.notify_one();
    return item;
  }

  std::optional<T> take() {
    std::optional<T> item;
    {
      MutexLock lock(m_);
      while (count_ == 0 && !closed_) filled_.wait(m_);
      if (count_ > 0) item = pop();
    }
    if (item) drained_.notify_one();
    return item;
  }

  std::optional<T> try_take() { return take(Instant::min()); }

  // Whoever waits in take() comes back with nothing; where nobody waits, the next one who would.
  void wake() {
    {
      MutexLock lock(m_);
      woken_ = true;
    }
    filled_.notify_all();
  }

  // Wakes everybody; what is queued can still be taken.
  void close() {
    {
      MutexLock lock(m_);
      closed_ = true;
    }
    filled_.notify_all();
    drained_.notify_all();
  }

  size_t size() const {
    MutexLock lock(m_);
    return count_;
  }
  bool closed() const {
    MutexLock lock(m_);
    return closed_;
  }

 private:
  void push(T item) GLIMT_REQUIRES(m_) {
    slots_[(first_ + count_) % slots_.size()] = std::move(item);
    ++count_;
  }
  T pop() GLIMT_REQUIRES(m_) {
    T item = std::move(*slots_[first_]);
    slots_[first_].reset();
    first_ = (first_ + 1) % slots_.size();
    --count_;
    return item;
  }

  mutable Mutex m_;
  Condition filled_, drained_;
  std::vector<std::optional<T>> slots_ GLIMT_GUARDED_BY(m_);
  size_t first_ GLIMT_GUARDED_BY(m_) = 0;
  size_t count_ GLIMT_GUARDED_BY(m_) = 0;
  bool closed_ GLIMT_GUARDED_BY(m_) = false;
  bool woken_ GLIMT_GUARDED_BY(m_) = false;
};

}  // namespace glimt

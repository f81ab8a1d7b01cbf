// Ring: a first-in first-out run of at most `capacity` items, for one thread.
//
//   threads  thread-compatible
//   memory   `capacity` items, taken at construction
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace glimt {

template <class T>
class Ring {
 public:
  explicit Ring(size_t capacity) : slots_(capacity) {}

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == slots_.size(); }
  size_t size() const { return count_; }
  // Only where not full().
  void push(T item) {
    slots_[(first_ + count_) % slots_.size()] = std::move(item);
    ++count_;
  }
  // Only where not empty().
  T pop() {
    T item = std::exchange(slots_[first_], T{});
    first_ = (first_ + 1) % slots_.size();
    --count_;
    return item;
  }
  // Only where not empty().
  T pop_newest() {
    --count_;
    return std::exchange(slots_[(first_ + count_) % slots_.size()], T{});
  }
  // Makes room by forgetting the oldest where full.
  void push_newest(T item) {
    if (full()) pop();
    push(std::move(item));
  }
  T& operator[](size_t i) { return slots_[(first_ + i) % slots_.size()]; }
  const T& operator[](size_t i) const { return slots_[(first_ + i) % slots_.size()]; }
  T& front() { return (*this)[0]; }
  T& back() { return (*this)[count_ - 1]; }
  const T& back() const { return (*this)[count_ - 1]; }
  void clear() {
    while (!empty()) pop();
  }

 private:
  std::vector<T> slots_;
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace glimt

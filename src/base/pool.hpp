// Shared, Ref and Pool: reference-counted objects that go back to where they came from, so that a
// warm stream allocates nothing.
//
//   Pool<T>::take() gives an idle object or makes one; when its last Ref is gone it is idle again. An object
//   keeps what it holds (capacity of its buffers) while idle; a T that refers to others lets go of them in
//   on_idle(). References may outlive the pool: then the object is deleted instead.
//
//   threads  Ref is as thread-safe as std::shared_ptr: the count is, the object is not; Pool is thread-safe
//   memory   at most `max_idle` idle objects; those in use are bounded by whoever holds them
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.hpp"

namespace glimt {

// Base of everything that a Ref may hold.
class Shared {
 public:
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  virtual ~Shared() = default;

  void add_ref() const noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void drop_ref() const noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) const_cast<Shared*>(this)->last_ref_gone();
  }
  uint32_t refs() const noexcept { return refs_.load(std::memory_order_acquire); }
  bool unique() const noexcept { return refs() == 1; }

 private:
  virtual void last_ref_gone() noexcept { delete this; }

  mutable std::atomic<uint32_t> refs_{0};
};

template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_) object_->add_ref();
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
  requires std::is_convertible_v<U*, T*> Ref(const Ref<U>& other)
  noexcept : Ref(static_cast<T*>(other.get())) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) object_->drop_ref();
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool operator==(const Ref&) const = default;

 private:
  T* object_ = nullptr;
};

// A value of any type that a Ref keeps alive.
template <class T>
struct Held final : Shared {
  explicit Held(T v = {}) : value(std::move(v)) {}
  T value;
};

template <class T>
class Pool {
 public:
  explicit Pool(size_t max_idle = 16) : home_(std::make_shared<Home>(max_idle)) {}
  ~Pool() {
    if (home_) home_->close();
  }
  Pool(Pool&&) noexcept = default;

  Ref<T> take() {
    std::unique_ptr<Item> item = home_->pop();
    if (!item) item = std::make_unique<Item>();
    item->home_ = home_;
    return Ref<T>(item.release());
  }

 private:
  struct Home;
  struct Item final : T {
    void last_ref_gone() noexcept override {
      const std::shared_ptr<Home> home = std::move(home_);
      if constexpr (requires(T & t) { t.on_idle(); }) this->on_idle();
      home->push(std::unique_ptr<Item>(this));
    }
    std::shared_ptr<Home> home_;
  };
  struct Home {
    explicit Home(size_t max_idle) { idle_.reserve(max_idle); }
    std::unique_ptr<Item> pop() {
      MutexLock lock(m_);
      if (idle_.empty()) return nullptr;
      auto item = std::move(idle_.back());
      idle_.pop_back();
      return item;
    }
    void push(std::unique_ptr<Item> item) {
      MutexLock lock(m_);
      if (!closed_ && idle_.size() < idle_.capacity()) idle_.push_back(std::move(item));
    }
    void close() {
      MutexLock lock(m_);
      closed_ = true;
      idle_.clear();
    }
    Mutex m_;
    std::vector<std::unique_ptr<Item>> idle_ GLIMT_GUARDED_BY(m_);
    bool closed_ GLIMT_GUARDED_BY(m_) = false;
  };

  std::shared_ptr<Home> home_;
};

}  // namespace glimt

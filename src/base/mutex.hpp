// Mutex, MutexLock and Condition: the standard ones, with Clang's thread-safety annotations
// (`./dev lint` checks them).
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define GLIMT_ANNOTATE(x) __attribute__((x))
#else
#define GLIMT_ANNOTATE(x)
#endif
#define GLIMT_GUARDED_BY(m) GLIMT_ANNOTATE(guarded_by(m))
#define GLIMT_REQUIRES(m) GLIMT_ANNOTATE(requires_capability(m))

namespace glimt {

class GLIMT_ANNOTATE(capability("mutex")) Mutex {
 public:
  void lock() GLIMT_ANNOTATE(acquire_capability()) { m_.lock(); }
  void unlock() GLIMT_ANNOTATE(release_capability()) { m_.unlock(); }

 private:
  std::mutex m_;
};

class GLIMT_ANNOTATE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& m) GLIMT_ANNOTATE(acquire_capability(m)) : m_(m) { m_.lock(); }
  ~MutexLock() GLIMT_ANNOTATE(release_capability()) { m_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& m_;
};

class Condition {
 public:
  void wait(Mutex& m) GLIMT_REQUIRES(m) { c_.wait(m); }
  // False where the time ran out.
  bool wait_until(Mutex& m, std::chrono::steady_clock::time_point until) GLIMT_REQUIRES(m) {
    return c_.wait_until(m, until) == std::cv_status::no_timeout;
  }
  void notify_one() { c_.notify_one(); }
  void notify_all() { c_.notify_all(); }

 private:
  std::condition_variable_any c_;
};

}  // namespace glimt

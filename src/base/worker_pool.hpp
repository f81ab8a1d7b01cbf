// WorkerPool: a few threads that work on the items of one job, and their owner, who may lend a hand.
//
//   input    the job, once; the numbers of items, in the order in which they are to be begun
//   output   each item is worked on once, by whoever is free first
//   errors   none: what a job meets is its own to keep
//   threads  bound to one thread, its owner; the job runs on all of the pool's threads at once, in help() on the owner's too.
//            They start with the first item and end with the pool, which finishes what is begun and leaves out the rest
//   memory   `capacity` items; none taken once warm
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "base/ring.hpp"
#include "base/thread.hpp"

namespace glimt {

class WorkerPool {
 public:
  // `worker` tells those apart who work at the same time: 0 to threads - 1, and `threads` for the owner.
  using Job = std::function<void(size_t item, size_t worker)>;

  WorkerPool(std::string name, size_t threads, size_t capacity, Job job);
  ~WorkerPool();

  // At most `capacity` that are not begun.
  void add(size_t item);
  // Works too, until all items are done.
  void help();
  void wait();
  // Leaves out what is not begun, and waits for the rest.
  void drop();

 private:
  void start();
  void loop(size_t worker);
  void work_one(size_t worker) GLIMT_REQUIRES(m_);

  const std::string name_;
  const size_t count_;
  const Job job_;

  Mutex m_;
  Condition added_, done_;
  Ring<size_t> items_ GLIMT_GUARDED_BY(m_);
  size_t in_work_ GLIMT_GUARDED_BY(m_) = 0;
  bool closed_ GLIMT_GUARDED_BY(m_) = false;

  std::vector<Thread> threads_;  // last: they use all of the above
};

}  // namespace glimt

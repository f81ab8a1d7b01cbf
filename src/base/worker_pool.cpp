#include "base/worker_pool.hpp"

#include <utility>

namespace glimt {

WorkerPool::WorkerPool(std::string name, size_t threads, size_t capacity, Job job)
    : name_(std::move(name)), count_(threads), job_(std::move(job)), items_(capacity) {}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(m_);
    closed_ = true;
  }
  added_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void WorkerPool::start() {
  threads_.reserve(count_);
  for (size_t i = 0; i < count_; ++i)
    threads_.emplace_back(name_ + "-" + std::to_string(i + 1), [this, i] { loop(i); });
}

void WorkerPool::add(size_t item) {
  if (threads_.size() < count_) start();
  {
    MutexLock lock(m_);
    items_.push(item);
  }
  added_.notify_one();
}

void WorkerPool::work_one(size_t worker) {
  const size_t item = items_.pop();
  ++in_work_;
  m_.unlock();
  job_(item, worker);
  m_.lock();
  if (--in_work_ == 0 && items_.empty()) done_.notify_all();
}

void WorkerPool::loop(size_t worker) {
  MutexLock lock(m_);
  while (!closed_) {
    if (items_.empty()) {
      added_.wait(m_);
    } else {
      work_one(worker);
    }
  }
}

void WorkerPool::help() {
  MutexLock lock(m_);
  while (!items_.empty()) work_one(count_);
  while (in_work_ > 0 || !items_.empty()) done_.wait(m_);
}

void WorkerPool::wait() {
  MutexLock lock(m_);
  while (in_work_ > 0 || !items_.empty()) done_.wait(m_);
}

void WorkerPool::drop() {
  MutexLock lock(m_);
  items_.clear();
  while (in_work_ > 0) done_.wait(m_);
}

}  // namespace glimt

// EventLoop: epoll, timers and work from other threads, on one thread.
//
//   errors   create() fails where the kernel has no descriptors left
//   threads  watch, change, unwatch, Timer::set and Timer::clear are bound to the loop's thread (or used
//            while it does not run); making and destroying timers and signals, post, call, stop and
//            Signal::raise are thread-safe. Once run() has returned after stop(), no callback runs and none
//            will start.
//   memory   one entry a descriptor; posted work is for rare things, Signal for each frame
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/unique_fd.hpp"
#include "glimt/error.hpp"

namespace glimt::transport {

class EventLoop {
 public:
  using Callback = std::function<void()>;
  // `events` are epoll's.
  using OnEvents = std::function<void(uint32_t events)>;

  // Calls back once when its time has come. set() moves it, clear() stops it.
  class Timer {
   public:
    Timer(EventLoop& loop, Callback callback);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    void set(Instant due) { due_ = due; }
    void clear() { due_ = Instant::max(); }
    Instant due() const { return due_; }

   private:
    friend class EventLoop;
    EventLoop& loop_;
    Callback callback_;
    Instant due_ = Instant::max();
    uint64_t called_in_ = 0;  // the round of run_due_timers()
  };

  // Lets another thread wake the loop without allocating; raised twice before it runs, it runs once.
  class Signal {
   public:
    Signal(EventLoop& loop, Callback callback);
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    void raise();

   private:
    friend class EventLoop;
    EventLoop& loop_;
    Callback callback_;
    std::atomic<bool> pending_{false};
  };

  static Result<std::unique_ptr<EventLoop>> create();
  ~EventLoop();

  void run();
  void stop();
  void post(Callback work);
  // Runs `work` on the loop and waits for it; at once where this is the loop's thread or the
  // loop does not run.
  void call(const Callback& work);

  void watch(int fd, uint32_t events, OnEvents on_events);
  void change(int fd, uint32_t events);
  void unwatch(int fd);

 private:
  struct Watch {
    int fd;
    OnEvents on_events;
    bool alive = true;
  };

  EventLoop(UniqueFd epoll, UniqueFd wake);
  void wake();
  void dispatch_wake();
  void run_posted();
  void run_due_timers();
  Timer* next_due(Instant at);
  int wait(epoll_event* events, int room);

  const UniqueFd epoll_, wake_;
  std::unordered_map<int, std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<Watch>> gone_;  // kept until the events that may still name them are through
  std::vector<Timer*> timers_;
  uint64_t timer_round_ = 0;
  std::vector<Signal*> signals_;
  std::atomic<bool> stopping_{false};
  bool has_precise_wait_ = true;

  Mutex m_;
  std::vector<Callback> posted_ GLIMT_GUARDED_BY(m_);
  std::thread::id thread_ GLIMT_GUARDED_BY(m_);
  bool running_ GLIMT_GUARDED_BY(m_) = false;
};

}  // namespace glimt::transport

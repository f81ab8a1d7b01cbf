#include "transport/event_loop.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <future>

namespace glimt::transport {

EventLoop::Timer::Timer(EventLoop& loop, Callback callback) : loop_(loop), callback_(std::move(callback)) {
  loop_.call([this] { loop_.timers_.push_back(this); });
}
EventLoop::Timer::~Timer() {
  loop_.call([this] { std::erase(loop_.timers_, this); });
}

EventLoop::Signal::Signal(EventLoop& loop, Callback callback) : loop_(loop), callback_(std::move(callback)) {
  loop_.call([this] { loop_.signals_.push_back(this); });
}
EventLoop::Signal::~Signal() {
  loop_.call([this] { std::erase(loop_.signals_, this); });
}

void EventLoop::Signal::raise() {
  if (!pending_.exchange(true)) loop_.wake();
}

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll || !wake) {
    return Error{ErrorKind::exhausted,
                 std::string("no descriptors left: ") + std::strerror(errno) + "; raise `ulimit -n`"};
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wake)));
}

EventLoop::EventLoop(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {
  watch(wake_.get(), EPOLLIN, [this](uint32_t) { dispatch_wake(); });
}
EventLoop::~EventLoop() = default;

void EventLoop::watch(int fd, uint32_t events, OnEvents on_events) {
  auto watch = std::make_unique<Watch>(Watch{fd, std::move(on_events)});
  epoll_event event{events, {.ptr = watch.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  watches_[fd] = std::move(watch);
}

void EventLoop::change(int fd, uint32_t events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  epoll_event event{events, {.ptr = found->second.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::unwatch(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  found->second->alive = false;
  gone_.push_back(std::move(found->second));
  watches_.erase(found);
}

void EventLoop::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_.get(), &one, sizeof one);  // full means awake already
}

void EventLoop::post(Callback work) {
  {
    MutexLock lock(m_);
    posted_.push_back(std::move(work));
  }
  wake();
}

void EventLoop::call(const Callback& work) {
  std::promise<void> done;
  bool queued = false;
  {
    MutexLock lock(m_);
    queued = running_ && thread_ != std::this_thread::get_id();
    if (queued) {
      posted_.push_back([&] {
        work();
        done.set_value();
      });
    }
  }
  if (!queued) {
    work();
    return;
  }
  wake();
  done.get_future().wait();
}

void EventLoop::stop() {
  stopping_ = true;
  wake();
}

void EventLoop::dispatch_wake() {
  uint64_t count = 0;
  [[maybe_unused]] const auto got = read(wake_.get(), &count, sizeof count);
  for (size_t i = 0; i < signals_.size(); ++i) {
    if (signals_[i]->pending_.exchange(false)) signals_[i]->callback_();
  }
  run_posted();
}

void EventLoop::run_posted() {
  std::vector<Callback> work;
  {
    MutexLock lock(m_);
    work.swap(posted_);
  }
  for (auto& item : work) item();
}

// Each at most once a round: one that sets itself to the past does not hold up the rest.
void EventLoop::run_due_timers() {
  const Instant at = now();
  ++timer_round_;
  while (Timer* timer = next_due(at)) {
    timer->called_in_ = timer_round_;
    timer->clear();
    timer->callback_();  // may make, set and destroy timers
  }
}

EventLoop::Timer* EventLoop::next_due(Instant at) {
  Timer* next = nullptr;
  for (Timer* timer : timers_) {
    const bool due = timer->due_ <= at && timer->called_in_ != timer_round_;
    if (due && (!next || timer->due_ < next->due_)) next = timer;
  }
  return next;
}

// Sleeps until an event or the first timer. epoll_pwait2 knows nanoseconds; older kernels
// round up to milliseconds.
int EventLoop::wait(epoll_event* events, int room) {
  Instant first = Instant::max();
  for (const Timer* timer : timers_) first = std::min(first, timer->due_);
  if (first == Instant::max()) return epoll_wait(epoll_.get(), events, room, -1);
  const Duration left = std::max<Duration>(first - now(), Duration::zero());
  if (has_precise_wait_) {
    const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    const int n = epoll_pwait2(epoll_.get(), events, room, &timeout, nullptr);
    if (n >= 0 || errno != ENOSYS) return n;
    has_precise_wait_ = false;
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return epoll_wait(epoll_.get(), events, room, static_cast<int>(std::min<int64_t>(ms, 60'000)));
}

void EventLoop::run() {
  {
    MutexLock lock(m_);
    running_ = true;
    thread_ = std::this_thread::get_id();
  }
  std::array<epoll_event, 64> events;
  while (!stopping_) {
    const int n = wait(events.data(), static_cast<int>(events.size()));
    for (int i = 0; i < n; ++i) {
      auto* watch = static_cast<Watch*>(events[static_cast<size_t>(i)].data.ptr);
      if (watch->alive) watch->on_events(events[static_cast<size_t>(i)].events);
    }
    gone_.clear();
    run_due_timers();
  }
  // Whoever waits in call() gets an answer; whoever comes later is on its own.
  for (bool more = true; more;) {
    run_posted();
    MutexLock lock(m_);
    more = !posted_.empty();
    running_ = more;
  }
}

}  // namespace glimt::transport

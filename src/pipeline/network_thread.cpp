#include "pipeline/network_thread.hpp"

#include <future>

namespace glimt::pipeline {

Result<std::shared_ptr<NetworkThread>> NetworkThread::shared() {
  static Mutex m;
  static std::weak_ptr<NetworkThread> running;
  MutexLock lock(m);
  if (auto held = running.lock()) return held;
  auto loop = transport::EventLoop::create();
  if (!loop) return loop.error();
  std::shared_ptr<NetworkThread> made(new NetworkThread(std::move(*loop)));
  running = made;
  return made;
}

NetworkThread::NetworkThread(std::unique_ptr<transport::EventLoop> loop)
    : loop_(std::move(loop)), thread_("glimt-net", [this] {
        ask_for_short_slices();
        loop_->run();
      }) {
  std::promise<void> running;  // from here on call() means the loop's thread
  loop_->post([&] { running.set_value(); });
  running.get_future().wait();
}

NetworkThread::~NetworkThread() {
  loop_->stop();
  thread_.join();
}

}  // namespace glimt::pipeline

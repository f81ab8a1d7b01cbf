// NetworkThread: the one thread of a process that owns its sockets and sessions.
//
//   output   an event loop that runs for as long as somebody holds the thread
//   errors   exhausted where the kernel has no descriptors
//   threads  thread-safe; the last holder must not be the network thread itself
#pragma once

#include <memory>

#include "base/thread.hpp"
#include "transport/event_loop.hpp"

namespace glimt::pipeline {

class NetworkThread {
 public:
  static Result<std::shared_ptr<NetworkThread>> shared();
  ~NetworkThread();
  transport::EventLoop& loop() { return *loop_; }

 private:
  explicit NetworkThread(std::unique_ptr<transport::EventLoop> loop);

  std::unique_ptr<transport::EventLoop> loop_;
  Thread thread_;
};

}  // namespace glimt::pipeline

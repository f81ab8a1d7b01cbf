// Subscriber: receives the pictures of one publisher at a time, whoever was started first.
//
//   auto in = glimt::Subscriber::open("udp://:5000");
//   while (auto frame = in->read(1s)) show(frame->mat(), frame->age());
//
//   output   read(): the newest picture that was not read yet (Mode::latest), or the next one (Mode::every)
//   errors   open: with the cure. read: unavailable where none came in time, saying who was or was not there;
//            disconnected after close(), or at the end of the stream where SubscriberOptions::once is set
//   threads  thread-safe; read() blocks for its time-out at most, and returns at once after close()
//   memory   max_frame_bytes ten times at most; with a well-behaved sender three encoded and three decoded
//            pictures
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "glimt/error.hpp"
#include "glimt/frame.hpp"
#include "glimt/options.hpp"
#include "glimt/stats.hpp"

namespace glimt {

class Subscriber {
 public:
  static Result<Subscriber> open(std::string_view url, const SubscriberOptions& options = {});
  // Throws Exception where open() returns an error.
  explicit Subscriber(std::string_view url, const SubscriberOptions& options = {});
  ~Subscriber();
  Subscriber(Subscriber&&) noexcept;
  Subscriber& operator=(Subscriber&&) noexcept;

  Result<Frame> read(std::chrono::nanoseconds timeout);
  SubscriberStats stats();
  void close();

 private:
  class Impl;
  explicit Subscriber(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace glimt

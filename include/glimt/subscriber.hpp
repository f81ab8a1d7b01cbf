// Subscriber: receives the pictures of one publisher at a time, whoever was started first.
//
//   auto in = glimt::Subscriber::open("udp://:5000");
//   while (auto frame = in->read(1s)) show(frame->mat(), frame->age());
//
//   input    an address; glimt://cam0 is looked for when it is opened, for 3 s at most (docs/discovery.md)
//   output   read(): the newest picture that was not read yet (Mode::latest), or the next one (Mode::every)
//            record(): each picture that comes whole into a file as it was encoded, also those that read() skips
//   errors   open and record: with the cure. read: unavailable where none came in time, saying who was or was not
//            there; disconnected after close(), or at the end of the stream where SubscriberOptions::once is set.
//            A recording that fails later is said, counted and tried again
//   threads  thread-safe; read() blocks for its time-out at most, and returns at once after close()
//   memory   max_frame_bytes ten times at most; with a well-behaved sender three encoded and three decoded
//            pictures. A recording: 80 MB more where the disk is slow
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
  // What is recorded is encoded: over unix:// the sender is asked for that in place of shared memory, and encodes it.
  // Into out.mkv or out.mp4; nothing is overwritten, a file that exists makes a name with the time in it. Blocks
  // for no disk: that has a thread of its own. invalid_argument where one recording is running already.
  Result<void> record(std::string_view path, const RecordOptions& options = {});
  // The file is whole when it returns.
  void stop_recording();
  SubscriberStats stats();
  void close();

 private:
  class Impl;
  explicit Subscriber(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace glimt

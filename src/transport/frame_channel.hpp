// FrameChannel: one end of the socket over which pictures in shared memory change hands. The publishing thread writes and
// the reading thread waits here themselves: one wake-up a picture, and no thread between.
//
//   input    messages of at most kSharedMessageBytes, one descriptor with each at most
//   output   messages, whole
//   errors   a fault of the socket is a hang-up
//   threads  thread-safe; receive() one at a time
#pragma once

#include <array>
#include <utility>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"
#include "wire/shared_frame.hpp"

namespace glimt::transport {

class FrameChannel {
 public:
  // What one receive() brings, in order.
  static constexpr size_t kBatch = 8;
  struct Message {
    std::array<uint8_t, wire::kSharedMessageBytes> bytes;
    size_t size = 0;
    UniqueFd fd;
  };
  using Batch = std::array<Message, kBatch>;

  struct Pair;
  static Result<Pair> make_pair();
  explicit FrameChannel(UniqueFd fd) : fd_(std::move(fd)) {}

  // False where the other end has gone or has no room; `fd` travels with it.
  bool send(const wire::SharedMessage& message, int fd = -1) const;
  // How many came, without waiting; `hung_up` where no more will.
  size_t receive(Batch& batch, bool& hung_up) const;
  // Until there is something to receive, `wake` (a descriptor) can be read, or the deadline has passed.
  void wait(Instant deadline, int wake = -1) const;
  // Whoever waits at either end comes back; what was sent can still be received.
  void shut_down() const;
  int fd() const { return fd_.get(); }

 private:
  const UniqueFd fd_;
};

struct FrameChannel::Pair {
  UniqueFd ours, theirs;
};

}  // namespace glimt::transport

// ChannelPeer: the other end of a frame channel in a test's hand: it sends what the test says and keeps what comes.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>

#include "transport/frame_channel.hpp"
#include "transport/shared_memory.hpp"

namespace glimt::test {

class ChannelPeer {
 public:
  explicit ChannelPeer(UniqueFd end) : channel(std::move(end)) {}

  struct Came {
    wire::SharedMessage message;
    UniqueFd fd;
  };

  // The next message of a kind; what comes before it is let go. Empty where none comes within `patience`.
  template <class T>
  std::optional<T> next(Duration patience = std::chrono::seconds(20)) {
    const Instant deadline = now() + patience;
    while (true) {
      gather();
      while (!came.empty()) {
        Came first = std::move(came.front());
        came.pop_front();
        if (!std::holds_alternative<T>(first.message)) continue;
        fd = std::move(first.fd);
        return std::get<T>(first.message);
      }
      if (hung_up || now() >= deadline) return std::nullopt;
      channel.wait(deadline);
    }
  }

  void gather() {
    transport::FrameChannel::Batch batch;
    size_t count = transport::FrameChannel::kBatch;
    while (count == transport::FrameChannel::kBatch) {
      count = channel.receive(batch, hung_up);
      for (size_t i = 0; i < count; ++i) {
        const auto message = wire::parse_shared(Bytes(batch[i].bytes).first(batch[i].size));
        ASSERT_TRUE(message);
        came.push_back({*message, std::move(batch[i].fd)});
      }
    }
  }

  transport::FrameChannel channel;
  std::deque<Came> came;
  UniqueFd fd;  // that came with what next() gave
  bool hung_up = false;
};

}  // namespace glimt::test

// StreamWriter: runs of bytes into a connected stream socket, whole and in order.
//
//   input    gathered runs, each with a u32 of length before it or as it is
//   output   how many were accepted, from the front; the unsent end of one that was begun is kept and sent by flush()
//   errors   Channel::State::closed
//   threads  bound to the event loop's thread
//   memory   the unsent end of one run
#pragma once

#include <array>
#include <vector>

#include "transport/connections.hpp"

namespace glimt::transport {

class StreamWriter {
 public:
  enum class Before { nothing, length };

  StreamWriter(int fd, Before before) : fd_(fd), length_bytes_(before == Before::length ? 4 : 0) {}

  Channel::State send(std::span<const Gather> runs, size_t& accepted);
  Channel::State flush();

 private:
  static constexpr size_t kMaxBatch = 64;

  ssize_t write_batch(std::span<const Gather> runs);
  size_t settle(std::span<const Gather> runs, size_t written);

  const int fd_;
  const size_t length_bytes_;
  std::vector<uint8_t> unsent_;
  size_t unsent_at_ = 0;
  std::array<std::array<uint8_t, 4>, kMaxBatch> lengths_{};
  std::array<iovec, kMaxBatch*(Gather::kMaxParts + 1)> vectors_{};
};

}  // namespace glimt::transport

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <vector>

#include "transport/tcp_connections.hpp"

namespace glimt::transport {
namespace {

constexpr size_t kMaxBatch = 64;
constexpr size_t kReadBytes = 256 * 1024;
constexpr int kReceiveRounds = 4;  // then the other sockets have their turn
// A picture that was begun goes out whole in any case: what the kernel holds costs no later one its place.
constexpr int kMaxUnsentBytes = 512 * 1024;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// Bytes as they are: whoever listens knows where a message ends.
class ByteChannel final : public Channel {
 public:
  // `input`: shared by all channels.
  ByteChannel(int fd, std::vector<uint8_t>& input) : fd_(fd), input_(input) {}

  State send(std::span<const Gather> runs, size_t& accepted) override {
    accepted = 0;
    if (const State state = flush(); state != State::open) return state;
    while (accepted < runs.size()) {
      const auto batch = runs.subspan(accepted, std::min(kMaxBatch, runs.size() - accepted));
      const ssize_t written = write_batch(batch);
      if (written < 0) return would_block() ? State::blocked : State::closed;
      accepted += settle(batch, static_cast<size_t>(written));
      if (!unsent_.empty()) return State::blocked;
    }
    return State::open;
  }

  State flush() override {
    while (!unsent_.empty()) {
      const ssize_t n =
          ::send(fd_, unsent_.data() + unsent_at_, unsent_.size() - unsent_at_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) return would_block() ? State::blocked : State::closed;
      unsent_at_ += static_cast<size_t>(n);
      if (unsent_at_ == unsent_.size()) unsent_.clear();
    }
    return State::open;
  }

  State receive(Packets& packets) override {
    for (int round = 0; round < kReceiveRounds; ++round) {
      const ssize_t n = recv(fd_, input_.data(), input_.size(), MSG_DONTWAIT);
      if (n == 0) return State::closed;
      if (n < 0) return would_block() || errno == EINTR ? State::open : State::closed;
      packets.on_packet(Bytes(input_).first(static_cast<size_t>(n)));
      if (static_cast<size_t>(n) < input_.size()) break;  // nothing more is there
    }
    return State::open;
  }

 private:
  ssize_t write_batch(std::span<const Gather> runs) {
    size_t vectors = 0;
    for (const Gather& run : runs) {
      for (size_t p = 0; p < run.count; ++p)
        vectors_[vectors++] = {const_cast<uint8_t*>(run.parts[p].data()), run.parts[p].size()};
    }
    msghdr message{};
    message.msg_iov = vectors_.data();
    message.msg_iovlen = vectors;
    return sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  // Whole runs among `written` bytes; the rest of one that was begun is copied, because its bytes are the
  // caller's.
  size_t settle(std::span<const Gather> runs, size_t written) {
    size_t whole = 0;
    while (whole < runs.size() && written >= runs[whole].bytes) written -= runs[whole++].bytes;
    if (written == 0) return whole;
    unsent_at_ = 0;
    for (size_t p = 0; p < runs[whole].count; ++p) {
      const Bytes part = runs[whole].parts[p];
      const size_t gone = std::min(written, part.size());
      written -= gone;
      unsent_.insert(unsent_.end(), part.begin() + static_cast<ptrdiff_t>(gone), part.end());
    }
    return whole + 1;
  }

  const int fd_;
  std::vector<uint8_t> unsent_;  // of one run
  size_t unsent_at_ = 0;
  std::vector<uint8_t>& input_;
  std::array<iovec, kMaxBatch * Gather::kMaxParts> vectors_{};
};

}  // namespace

Result<std::unique_ptr<Transport>> open_byte_stream(EventLoop& loop, const Address& address) {
  return open_tcp_connections(loop, address, kMaxUnsentBytes,
                              [input = std::make_shared<std::vector<uint8_t>>(kReadBytes)](int fd) {
                                return std::make_unique<ByteChannel>(fd, *input);
                              });
}

}  // namespace glimt::transport

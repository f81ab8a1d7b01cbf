#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "transport/stream_writer.hpp"
#include "transport/tcp_connections.hpp"

namespace glimt::transport {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr int kReceiveRounds = 4;  // then the other sockets have their turn
// A picture that was begun goes out whole in any case: what the kernel holds costs no later one its place.
constexpr int kMaxUnsentBytes = 512 * 1024;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// Bytes as they are: whoever listens knows where a message ends.
class ByteChannel final : public Channel {
 public:
  // `input`: shared by all channels.
  ByteChannel(int fd, std::vector<uint8_t>& input)
      : fd_(fd), writer_(fd, StreamWriter::Before::nothing), input_(input) {}

  State send(std::span<const Gather> runs, size_t& accepted) override { return writer_.send(runs, accepted); }
  State flush() override { return writer_.flush(); }

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
  const int fd_;
  StreamWriter writer_;
  std::vector<uint8_t>& input_;
};

}  // namespace

Result<std::unique_ptr<Transport>> open_byte_stream(EventLoop& loop, const Address& address) {
  return open_tcp_connections(loop, address, kMaxUnsentBytes,
                              [input = std::make_shared<std::vector<uint8_t>>(kReadBytes)](int fd) {
                                return std::make_unique<ByteChannel>(fd, *input);
                              });
}

}  // namespace glimt::transport

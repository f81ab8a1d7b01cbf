#include "transport/framed_channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "transport/stream_writer.hpp"
#include "wire/archive_messages.hpp"
#include "wire/packet.hpp"

namespace glimt::transport {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kReadBytes = 256 * 1024;
constexpr int kReceiveRounds = 4;  // then the other sockets have their turn

// Once: the other end tries again and again.
void complain(Bytes input) {
  static std::atomic_flag said;
  const auto speaker = wire::guess_speaker(input);
  if (speaker.empty() || said.test_and_set()) return;
  log::warning(
      "the other end is {}, and this is a live stream; `glimt recv` takes it, or the port is another",
      speaker);
}

class FramedChannel final : public Channel {
 public:
  // `input`: shared by all channels; what is not a whole packet yet is kept apart.
  FramedChannel(int fd, std::vector<uint8_t>& input)
      : fd_(fd), writer_(fd, StreamWriter::Before::length), input_(input) {}

  State send(std::span<const Gather> packets, size_t& accepted) override {
    return writer_.send(packets, accepted);
  }
  State flush() override { return writer_.flush(); }

  State receive(Packets& packets) override {
    for (int round = 0; round < kReceiveRounds; ++round) {
      const size_t begun = begun_.size();
      const ssize_t n = recv(fd_, input_.data() + begun, input_.size() - begun, MSG_DONTWAIT);
      if (n == 0) return State::closed;
      if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? State::open : State::closed;
      std::copy(begun_.begin(), begun_.end(), input_.begin());
      const size_t filled = begun + static_cast<size_t>(n);
      if (!take_packets(Bytes(input_).first(filled), packets)) return State::closed;
      if (filled < input_.size()) break;  // nothing more is there
    }
    return State::open;
  }

 private:
  bool take_packets(Bytes input, Packets& packets) {
    while (input.size() >= kLengthBytes) {
      const uint32_t length = ByteReader(input.first(kLengthBytes)).u32();
      if (length > wire::kMaxPacketBytes || length < wire::kMinPacketBytes) {
        complain(input);
        return false;
      }
      if (input.size() < kLengthBytes + length) break;
      packets.on_packet(input.subspan(kLengthBytes, length));
      input = input.subspan(kLengthBytes + length);
    }
    begun_.assign(input.begin(), input.end());
    return true;
  }

  const int fd_;
  StreamWriter writer_;
  std::vector<uint8_t>& input_;
  std::vector<uint8_t> begun_;  // the front of a packet whose end has not come
};
static_assert(kReadBytes >= 2 * (kLengthBytes + wire::kMaxPacketBytes));

}  // namespace

MakeChannel framed_channels() {
  return [input = std::make_shared<std::vector<uint8_t>>(kReadBytes)](int fd) {
    return std::make_unique<FramedChannel>(fd, *input);
  };
}

}  // namespace glimt::transport

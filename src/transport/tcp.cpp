#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "transport/tcp_connections.hpp"
#include "wire/archive_messages.hpp"
#include "wire/packet.hpp"

namespace glimt::transport {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kMaxBatch = 64;
constexpr size_t kReadBytes = 256 * 1024;
constexpr int kReceiveRounds = 4;  // then the other sockets have their turn
// Unsent bytes that the kernel takes before it says "blocked": two packets. Further frames wait on our side,
// where they can be replaced by newer ones.
constexpr int kMaxUnsentBytes = 64 * 1024;

// Once: the other end tries again and again.
void complain(Bytes input) {
  static std::atomic_flag said;
  const auto speaker = wire::guess_speaker(input);
  if (speaker.empty() || said.test_and_set()) return;
  log::warning(
      "the other end is {}, and this is a live stream; `glimt recv` takes it, or the port is another",
      speaker);
}

// u32 length and a packet, one after the other.
class TcpChannel final : public Channel {
 public:
  // `input`: shared by all channels; what is not a whole packet yet is kept apart.
  TcpChannel(int fd, std::vector<uint8_t>& input) : fd_(fd), input_(input) {}

  State send(std::span<const Gather> packets, size_t& accepted) override {
    accepted = 0;
    if (const State state = flush(); state != State::open) return state;
    while (accepted < packets.size()) {
      const auto batch = packets.subspan(accepted, std::min(kMaxBatch, packets.size() - accepted));
      const ssize_t written = write_batch(batch);
      if (written < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? State::blocked : State::closed;
      accepted += settle(batch, static_cast<size_t>(written));
      if (!unsent_.empty()) return State::blocked;
    }
    return State::open;
  }

  State flush() override {
    while (!unsent_.empty()) {
      const ssize_t n =
          ::send(fd_, unsent_.data() + unsent_at_, unsent_.size() - unsent_at_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? State::blocked : State::closed;
      unsent_at_ += static_cast<size_t>(n);
      if (unsent_at_ == unsent_.size()) unsent_.clear();
    }
    return State::open;
  }

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
  ssize_t write_batch(std::span<const Gather> packets) {
    size_t vectors = 0;
    for (size_t i = 0; i < packets.size(); ++i) {
      ByteWriter(lengths_[i]).u32(static_cast<uint32_t>(packets[i].bytes));
      vectors_[vectors++] = {lengths_[i].data(), kLengthBytes};
      for (size_t p = 0; p < packets[i].count; ++p) {
        vectors_[vectors++] = {const_cast<uint8_t*>(packets[i].parts[p].data()), packets[i].parts[p].size()};
      }
    }
    msghdr message{};
    message.msg_iov = vectors_.data();
    message.msg_iovlen = vectors;
    return sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  // Whole packets among `written` bytes; the rest of one that was begun is copied, because its
  // bytes are the caller's.
  size_t settle(std::span<const Gather> packets, size_t written) {
    size_t whole = 0;
    while (whole < packets.size() && written >= kLengthBytes + packets[whole].bytes) {
      written -= kLengthBytes + packets[whole].bytes;
      ++whole;
    }
    if (written == 0) return whole;
    const auto keep = [&](Bytes part) {
      const size_t gone = std::min(written, part.size());
      written -= gone;
      unsent_.insert(unsent_.end(), part.begin() + static_cast<ptrdiff_t>(gone), part.end());
    };
    unsent_at_ = 0;
    keep(lengths_[whole]);
    for (size_t p = 0; p < packets[whole].count; ++p) keep(packets[whole].parts[p]);
    return whole + 1;
  }

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
  std::vector<uint8_t> unsent_;  // of one packet
  size_t unsent_at_ = 0;
  std::vector<uint8_t>& input_;
  std::vector<uint8_t> begun_;  // the front of a packet whose end has not come
  std::array<std::array<uint8_t, kLengthBytes>, kMaxBatch> lengths_{};
  std::array<iovec, kMaxBatch*(Gather::kMaxParts + 1)> vectors_{};
};
static_assert(kReadBytes >= 2 * (kLengthBytes + wire::kMaxPacketBytes));

}  // namespace

Result<std::unique_ptr<Transport>> open_tcp(EventLoop& loop, const Address& address) {
  return open_tcp_connections(loop, address, kMaxUnsentBytes,
                              [input = std::make_shared<std::vector<uint8_t>>(kReadBytes)](int fd) {
                                return std::make_unique<TcpChannel>(fd, *input);
                              });
}

}  // namespace glimt::transport

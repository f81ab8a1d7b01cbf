#include "transport/stream_writer.hpp"

#include <algorithm>
#include <cerrno>

namespace glimt::transport {
namespace {

Channel::State state_of_failure() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? Channel::State::blocked : Channel::State::closed;
}

}  // namespace

Channel::State StreamWriter::send(std::span<const Gather> runs, size_t& accepted) {
  accepted = 0;
  if (const auto state = flush(); state != Channel::State::open) return state;
  while (accepted < runs.size()) {
    const auto batch = runs.subspan(accepted, std::min(kMaxBatch, runs.size() - accepted));
    const ssize_t written = write_batch(batch);
    if (written < 0) return state_of_failure();
    accepted += settle(batch, static_cast<size_t>(written));
    if (!unsent_.empty()) return Channel::State::blocked;
  }
  return Channel::State::open;
}

Channel::State StreamWriter::flush() {
  while (!unsent_.empty()) {
    const ssize_t n =
        ::send(fd_, unsent_.data() + unsent_at_, unsent_.size() - unsent_at_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) return state_of_failure();
    unsent_at_ += static_cast<size_t>(n);
    if (unsent_at_ == unsent_.size()) unsent_.clear();
  }
  return Channel::State::open;
}

ssize_t StreamWriter::write_batch(std::span<const Gather> runs) {
  size_t vectors = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    ByteWriter(lengths_[i]).u32(static_cast<uint32_t>(runs[i].bytes));
    if (length_bytes_ > 0) vectors_[vectors++] = {lengths_[i].data(), length_bytes_};
    for (size_t p = 0; p < runs[i].count; ++p)
      vectors_[vectors++] = {const_cast<uint8_t*>(runs[i].parts[p].data()), runs[i].parts[p].size()};
  }
  msghdr message{};
  message.msg_iov = vectors_.data();
  message.msg_iovlen = vectors;
  return sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Whole runs among `written` bytes; the rest of one that was begun is copied, because its bytes are the caller's.
size_t StreamWriter::settle(std::span<const Gather> runs, size_t written) {
  size_t whole = 0;
  while (whole < runs.size() && written >= length_bytes_ + runs[whole].bytes)
    written -= length_bytes_ + runs[whole++].bytes;
  if (written == 0) return whole;
  const auto keep = [&](Bytes part) {
    const size_t gone = std::min(written, part.size());
    written -= gone;
    unsent_.insert(unsent_.end(), part.begin() + static_cast<ptrdiff_t>(gone), part.end());
  };
  unsent_at_ = 0;
  keep(Bytes(lengths_[whole]).first(length_bytes_));
  for (size_t p = 0; p < runs[whole].count; ++p) keep(runs[whole].parts[p]);
  return whole + 1;
}

}  // namespace glimt::transport

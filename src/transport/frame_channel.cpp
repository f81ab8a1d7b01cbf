#include "transport/frame_channel.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "transport/descriptor_room.hpp"

namespace glimt::transport {

Result<FrameChannel::Pair> FrameChannel::make_pair() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error{ErrorKind::exhausted,
                 std::string("no socket for shared frames: ") + std::strerror(errno) + "; raise `ulimit -n`"};
  }
  return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

bool FrameChannel::send(const wire::SharedMessage& message, int fd) const {
  std::array<uint8_t, wire::kSharedMessageBytes> bytes;
  iovec part{bytes.data(), serialize(bytes, message)};
  msghdr header = message_over(&part, 1);
  DescriptorRoom room;
  if (fd >= 0) room.put(header, fd);
  return sendmsg(fd_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

size_t FrameChannel::receive(Batch& batch, bool& hung_up) const {
  hung_up = false;
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> parts;
  std::array<DescriptorRoom, kBatch> rooms;
  for (size_t i = 0; i < kBatch; ++i) {
    parts[i] = {batch[i].bytes.data(), batch[i].bytes.size()};
    headers[i].msg_hdr = message_over(&parts[i], 1);
    rooms[i].offer(headers[i].msg_hdr);
  }
  int n = recvmmsg(fd_.get(), headers.data(), kBatch, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
  if (n < 0 && errno == ECONNRESET)  // said once, ahead of what the other end sent before it left
    n = recvmmsg(fd_.get(), headers.data(), kBatch, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
  if (n < 0) {
    hung_up = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    return 0;
  }
  const auto came = static_cast<size_t>(n);
  for (size_t i = 0; i < came; ++i) {
    batch[i].size = headers[i].msg_len;
    batch[i].fd = take_descriptor(headers[i].msg_hdr);  // of all, so that none stays open
  }
  const auto empty = [](const Message& message) { return message.size == 0; };  // no message is
  const auto whole = std::find_if(batch.begin(), batch.begin() + came, empty) - batch.begin();
  hung_up = whole < static_cast<ptrdiff_t>(came);
  return static_cast<size_t>(whole);
}

void FrameChannel::wait(Instant deadline, int wake) const {
  const Instant at = now();
  const Duration left = deadline > at ? deadline - at : Duration::zero();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{static_cast<time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
  std::array<pollfd, 2> fds{{{fd_.get(), POLLIN, 0}, {wake, POLLIN, 0}}};
  ppoll(fds.data(), fds.size(), &timeout, nullptr);
}

void FrameChannel::shut_down() const { shutdown(fd_.get(), SHUT_RDWR); }

}  // namespace glimt::transport

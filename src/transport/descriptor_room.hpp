// DescriptorRoom: one descriptor beside a message on a Unix socket, either way.
//
//   threads  thread-compatible
//   memory   room for one: the kernel closes what does not fit
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/unique_fd.hpp"

namespace glimt::transport {

inline msghdr message_over(iovec* parts, size_t count) {
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  return message;
}

// Outlives the call that sends or receives the message.
class DescriptorRoom {
 public:
  // To receive one.
  void offer(msghdr& message) {
    message.msg_control = bytes_.data();
    message.msg_controllen = CMSG_LEN(sizeof(int));  // rounded up as CMSG_SPACE does, two would fit
  }
  // To send one.
  void put(msghdr& message, int fd) {
    offer(message);
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }

 private:
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes_{};
};

// What came beside a message; empty where nothing did.
inline UniqueFd take_descriptor(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return UniqueFd(fd);
  }
  return {};
}

}  // namespace glimt::transport

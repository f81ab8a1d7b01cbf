#include "without_offload.hpp"

#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace glimt::bench {
Refuse refuse;
}

extern "C" {

ssize_t __real_sendmsg(int fd, const msghdr* message, int flags);
int __real_setsockopt(int fd, int level, int name, const void* value, socklen_t size);

ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  if (glimt::bench::refuse.gso && message->msg_controllen > 0) {
    errno = EIO;
    return -1;
  }
  return __real_sendmsg(fd, message, flags);
}

int __wrap_setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  if (glimt::bench::refuse.gro && level == SOL_UDP && name == UDP_GRO) {
    errno = ENOPROTOOPT;
    return -1;
  }
  return __real_setsockopt(fd, level, name, value, size);
}
}

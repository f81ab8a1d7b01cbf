// PeerUser: which user of this machine is at the other end of a TCP connection over a loopback address.
//
//   input    the socket
//   output   the user's id; nothing where the other end is elsewhere or closed, or the kernel does not tell
//   threads  thread-safe; asks the kernel, which takes some microseconds
//   source   sock_diag(7)
#pragma once

#include <sys/types.h>

#include <optional>

namespace glimt::web {

std::optional<uid_t> user_of_peer(int socket);

}  // namespace glimt::web

// Socket file: what Unix sockets share: a path as an address, and the file that a listening end binds there.
//
//   errors   bind_socket_file() with the cure: another program listens there, or a file that is no socket is in the way
//   threads  thread-compatible; does not block
#pragma once

#include <string>

#include "base/unique_fd.hpp"
#include "transport/address.hpp"

namespace glimt::transport {

inline constexpr size_t kLongestSocketPath = 107;  // bytes: sun_path of sockaddr_un, less its zero
SocketAddress unix_socket_address(const Address& address);

// Tells one file from another that has its name.
struct FileIdentity {
  uint64_t device = 0, inode = 0;
  bool operator==(const FileIdentity&) const = default;
};
// All zero where there is none.
FileIdentity identity_of(const std::string& path);

// Goes with its owner, unless another has taken its place.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(const std::string& path) : path_(path), identity_(identity_of(path)) {}
  ~SocketFile();
  SocketFile(SocketFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), identity_(other.identity_) {}
  SocketFile& operator=(SocketFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(identity_, other.identity_);
    return *this;
  }

 private:
  std::string path_;
  FileIdentity identity_;
};

struct BoundSocket {
  UniqueFd fd;
  SocketFile file;
};

// Takes away a socket file of this type that nobody has bound any more; any other file is left alone, and is an error.
Result<void> clear_stale_socket(const Address& address, int type);

// `type`: SOCK_SEQPACKET or SOCK_DGRAM. A socket file that nobody has bound any more is taken over; any other file is left
// alone.
Result<BoundSocket> bind_socket_file(const Address& address, int type);

}  // namespace glimt::transport

#include "transport/socket_file.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace glimt::transport {

Result<void> clear_stale_socket(const Address& address, int type) {
  struct stat file {};
  if (lstat(address.path.c_str(), &file) != 0) return {};
  if (!S_ISSOCK(file.st_mode)) {
    return Error{
        ErrorKind::invalid_argument,
        address.text + ": a file that is no socket is in the way; remove it, or choose another path"};
  }
  const UniqueFd probe(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto where = unix_socket_address(address);
  const bool stale = connect(probe.get(), where.get(), where.length) != 0 && errno == ECONNREFUSED;
  if (!stale) return socket_error(address, "bind", EADDRINUSE);
  unlink(address.path.c_str());
  return {};
}

SocketAddress unix_socket_address(const Address& address) {
  SocketAddress where;
  auto& un = reinterpret_cast<sockaddr_un&>(where.storage);
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, address.path.c_str(), address.path.size() + 1);
  where.length = sizeof un;
  return where;
}

FileIdentity identity_of(const std::string& path) {
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0) return {};
  return {file.st_dev, file.st_ino};
}

SocketFile::~SocketFile() {
  if (!path_.empty() && identity_of(path_) == identity_) unlink(path_.c_str());
}

Result<BoundSocket> bind_socket_file(const Address& address, int type) {
  if (auto cleared = clear_stale_socket(address, type); !cleared) return cleared.error();
  UniqueFd fd(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return socket_error(address, "socket", errno);
  fchmod(fd.get(), 0600);  // nobody else gets in between bind and chmod
  const auto where = unix_socket_address(address);
  if (bind(fd.get(), where.get(), where.length) != 0) return socket_error(address, "bind", errno);
  BoundSocket bound{std::move(fd), SocketFile(address.path)};
  chmod(address.path.c_str(), address.mode);
  return bound;
}

}  // namespace glimt::transport

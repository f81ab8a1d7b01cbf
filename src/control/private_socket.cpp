#include "control/private_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace glimt::control {
PrivateSocket::Folder::~Folder() {
  if (path.empty()) return;
  unlink((path + "/s").c_str());
  rmdir(path.c_str());
}

Result<PrivateSocket> PrivateSocket::prepare(const std::string& path) {
  PrivateSocket made;
  made.address_.kind = transport::Kind::unix_socket;
  made.address_.role = transport::Role::listen;
  made.address_.path = path;
  made.address_.text = "unix://" + path;
  const auto parent = std::filesystem::path(path).parent_path();
  std::string folder = (parent.empty() ? "." : parent.string()) + "/.XXXXXX";
  if (path.empty() || std::max(folder.size() + 2, path.size()) > transport::kLongestSocketPath) {
    return Error{ErrorKind::invalid_argument,
                 "control: '" + path + "': the path of a Unix socket is too long; choose one of at most " +
                     std::to_string(transport::kLongestSocketPath - 10) + " bytes for its folder"};
  }
  if (auto cleared = transport::clear_stale_socket(made.address_, SOCK_STREAM); !cleared)
    return cleared.error();
  if (!mkdtemp(folder.data())) return transport::socket_error(made.address_, "folder", errno);
  made.folder_.path = folder;
  return made;
}

Result<void> PrivateSocket::publish() {
  const std::string bound = bind_path();
  if (chmod(bound.c_str(), 0600) != 0) return transport::socket_error(address_, "chmod", errno);
  if (renameat2(AT_FDCWD, bound.c_str(), AT_FDCWD, address_.path.c_str(), RENAME_NOREPLACE) != 0)
    return transport::socket_error(address_, "bind", errno == EEXIST ? EADDRINUSE : errno);
  file_ = transport::SocketFile(address_.path);
  folder_ = Folder();
  return {};
}

}  // namespace glimt::control

// PrivateSocket: the file of a Unix socket that somebody else binds, 0600 from the first moment. It is bound in a folder that only
// this user enters, and moved to its path.
//
//   input    a path in a folder that is there
//   errors   with the cure: another program listens there, something else is in the way, no such folder, path too long
//   threads  thread-compatible; blocks on the disk
#pragma once

#include <string>

#include "transport/socket_file.hpp"

namespace glimt::control {

class PrivateSocket {
 public:
  PrivateSocket() = default;
  PrivateSocket(PrivateSocket&&) = default;
  PrivateSocket& operator=(PrivateSocket&&) = default;
  // Takes the file away, unless another has taken its place.
  ~PrivateSocket() = default;

  // Of a socket that nobody answers any more the file is taken away.
  static Result<PrivateSocket> prepare(const std::string& path);
  // Where to bind, once it is prepared.
  std::string bind_path() const { return folder_.path + "/s"; }
  // Once it is bound.
  Result<void> publish();

 private:
  struct Folder {
    Folder() = default;
    Folder(Folder&& other) noexcept : path(std::exchange(other.path, {})) {}
    Folder& operator=(Folder&& other) noexcept {
      std::swap(path, other.path);
      return *this;
    }
    ~Folder();
    std::string path;
  };

  transport::Address address_;
  Folder folder_;
  transport::SocketFile file_;
};

}  // namespace glimt::control

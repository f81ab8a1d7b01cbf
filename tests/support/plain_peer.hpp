// Plain peers for tests: sockets as a script would use them, with nothing of Glimt in them.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "support/streams.hpp"

namespace glimt::test {

inline sockaddr_in loopback_at(uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

// Blocks, as a script's does.
class PlainPeer {
 public:
  static PlainPeer udp(uint16_t port) { return connected(AF_INET, SOCK_DGRAM, loopback_at(port)); }
  static PlainPeer tcp(uint16_t port) { return connected(AF_INET, SOCK_STREAM, loopback_at(port)); }
  static PlainPeer unix_datagram(const std::string& path) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    return connected(AF_UNIX, SOCK_DGRAM, a);
  }
  // Listens, and takes one.
  static PlainPeer accepted(uint16_t port) {
    const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int one = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const auto a = loopback_at(port);
    EXPECT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a), 0);
    EXPECT_EQ(listen(listener.get(), 5), 0);
    return PlainPeer(UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  }

  // False where the other end has gone.
  bool send(std::string_view bytes) const {
    while (true) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0) return false;
      if (static_cast<size_t>(n) == bytes.size()) return true;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // Whether the other end closes within the deadline.
  bool is_let_go() const {
    const timeval deadline{20, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    char byte = 0;
    const ssize_t n = recv(fd_.get(), &byte, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
  }

 private:
  explicit PlainPeer(UniqueFd fd) : fd_(std::move(fd)) {}
  template <class Address>
  static PlainPeer connected(int family, int type, const Address& address) {
    UniqueFd fd;
    EXPECT_TRUE(eventually([&] {
      fd = UniqueFd(socket(family, type | SOCK_CLOEXEC, 0));
      return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }));
    return PlainPeer(std::move(fd));
  }

  UniqueFd fd_;
};

}  // namespace glimt::test

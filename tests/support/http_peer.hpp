// One HTTP connection of a test, over a plain socket: it sends what it is given, whole or in pieces, right or wrong.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace glimt::test {

struct HttpAnswer {
  int status = 0;                             // 0: the connection ended before an answer was whole
  std::map<std::string, std::string> fields;  // names in small letters
  std::string body;
};

class HttpPeer {
 public:
  // Of a server on IPv4's loopback, as in "http://127.0.0.1:8080/".
  explicit HttpPeer(const std::string& server) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(server.substr(server.rfind(':') + 1))));
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    const timeval deadline{20, 0};  // what takes longer hangs
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  }

  // False where the server has closed its end.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  void say_that_was_all() { shutdown(fd_.get(), SHUT_WR); }

  // `with_body`: not after HEAD.
  HttpAnswer read(bool with_body = true) {
    HttpAnswer answer;
    size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return answer;
    }
    parse_head(received_.substr(0, end + 2), answer);
    received_.erase(0, end + 4);
    const size_t length = with_body ? std::stoul("0" + answer.fields["content-length"]) : 0;
    while (received_.size() < length) {
      if (!receive()) return {};
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
  }

  HttpAnswer get(const std::string& target, const std::string& method = "GET") {
    if (!send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) return {};
    return read(method != "HEAD");
  }

  // Whether the server ends the connection, and nothing more comes before.
  bool ends() { return received_.empty() && !receive() && received_.empty(); }

 private:
  bool receive() {
    char piece[16384];
    const auto n = recv(fd_.get(), piece, sizeof piece, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "the server says nothing";
    if (n <= 0) return false;
    received_.append(piece, static_cast<size_t>(n));
    return true;
  }

  static void parse_head(std::string_view head, HttpAnswer& answer) {
    for (bool first = true; !head.empty(); first = false) {
      const auto line = head.substr(0, head.find("\r\n"));
      head.remove_prefix(line.size() + 2);
      if (first) {
        answer.status = std::stoi(std::string(line.substr(9, 3)));
        continue;
      }
      std::string name(line.substr(0, line.find(':')));
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      answer.fields[name] = line.substr(std::min(name.size() + 2, line.size()));
    }
  }

  UniqueFd fd_;
  std::string received_;
};

}  // namespace glimt::test

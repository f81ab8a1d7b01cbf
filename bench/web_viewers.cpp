// web_viewers --port N --count N [--multipart]: so many viewers of cam0 in one thread, over WebSockets that take every frame, or of JPEG
// behind JPEG. Pictures are counted and thrown away in the kernel, so that looking on costs next to nothing. Each line on standard
// input prints what came since the last as one JSON line; ends with its standard input.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "base/unique_fd.hpp"
#include "measure.hpp"

namespace glimt::bench {
namespace {

constexpr std::string_view kWebSocket =
    "GET /live/cam0 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: glimt.1\r\n\r\n";
constexpr std::string_view kMultipart = "GET /stream/cam0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr size_t kFrameHead = 4, kLongFrameHead = 10,
                 kNumberEnd = 8;  // of the WebSocket's frame; of the message
constexpr size_t kBoundaryBytes = 16;

class Viewer {
 public:
  Viewer(int port, bool multipart)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), multipart_(multipart) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) give_up("nobody listens");
    send(multipart ? kMultipart : kWebSocket);
    std::string answer;
    for (char c = 0; !answer.ends_with("\r\n\r\n"); answer += c) {
      if (recv(fd_.get(), &c, 1, 0) != 1) give_up("the server ends the connection");
    }
    if (!answer.starts_with(multipart ? "HTTP/1.1 200" : "HTTP/1.1 101")) give_up(answer);
  }
  int fd() const { return fd_.get(); }
  // All that is there.
  void read() {
    while (skip_ > 0 ? discard() : read_head()) {
    }
  }
  uint64_t take_pictures() { return std::exchange(pictures_, 0); }
  uint64_t take_gaps() { return std::exchange(gaps_, 0); }

 private:
  void send(std::string_view text) {
    if (::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
      give_up("the server takes nothing");
  }
  // Up to `size` bytes of a head; false where they are not there yet.
  bool more(size_t size) {
    const size_t had = head_.size();
    if (had >= size) return true;
    head_.resize(size);
    const auto n = recv(fd_.get(), head_.data() + had, size - had, MSG_DONTWAIT);
    if (n == 0) give_up("the server ends the connection");
    head_.resize(had + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    return n > 0;
  }
  bool read_head() { return multipart_ ? read_part() : read_frame(); }

  bool read_frame() {
    if (head_.size() < kFrameHead) return more(kFrameHead);
    const bool is_long = head_[1] == 127;
    const size_t front = is_long ? kLongFrameHead : kFrameHead;
    if (head_.size() < front + kNumberEnd) return more(front + kNumberEnd);
    size_t length = 0;
    for (size_t i = 2; i < front; ++i) length = length << 8 | static_cast<uint8_t>(head_[i]);
    std::memcpy(&number_, head_.data() + front + 4, sizeof number_);
    skip_ = length - kNumberEnd;
    return true;
  }
  bool read_part() {
    const auto end = head_.find("\r\n\r\n");
    if (end == std::string::npos) return more(head_.size() + 128);
    const auto length = head_.find("Content-Length: ");
    skip_ = std::stoul(head_.substr(length + 16)) + kBoundaryBytes - (head_.size() - end - 4);
    return true;
  }
  bool discard() {
    const auto n = recv(fd_.get(), nullptr, skip_, MSG_TRUNC | MSG_DONTWAIT);
    if (n == 0) give_up("the server ends the connection");
    if (n < 0) return false;
    skip_ -= static_cast<size_t>(n);
    if (skip_ == 0) on_picture();
    return true;
  }
  void on_picture() {
    head_.clear();
    ++pictures_;
    if (multipart_) return;
    if (last_) gaps_ += number_ - *last_ - 1;
    last_ = number_;
    std::string taken("\x82\x88\0\0\0\0\3\0\0\0", 10);  // masked with zeros
    taken.append(reinterpret_cast<const char*>(&number_), sizeof number_);
    send(taken);
  }

  const UniqueFd fd_;
  const bool multipart_;
  std::string head_;
  size_t skip_ = 0;
  uint32_t number_ = 0;
  std::optional<uint32_t> last_;
  uint64_t pictures_ = 0, gaps_ = 0;
};

void print(const std::vector<std::unique_ptr<Viewer>>& viewers) {
  unsigned long long pictures = 0, gaps = 0, fewest = ~0ull;
  for (const auto& viewer : viewers) {
    const auto got = viewer->take_pictures();
    pictures += got;
    fewest = std::min<unsigned long long>(fewest, got);
    gaps += viewer->take_gaps();
  }
  std::printf("{\"pictures\":%llu,\"fewest\":%llu,\"missed\":%llu}\n", pictures, fewest, gaps);
  std::fflush(stdout);
}

int run(const Arguments& arguments) {
  std::vector<std::unique_ptr<Viewer>> viewers;
  const UniqueFd all(epoll_create1(EPOLL_CLOEXEC));
  const auto watch = [&all](int fd, Viewer* viewer) {
    epoll_event event{EPOLLIN, {.ptr = viewer}};
    epoll_ctl(all.get(), EPOLL_CTL_ADD, fd, &event);
  };
  watch(STDIN_FILENO, nullptr);
  for (double i = 0; i < arguments.number("--count", 1); ++i) {
    viewers.push_back(
        std::make_unique<Viewer>(int(arguments.number("--port", 8080)), arguments.has("--multipart")));
    watch(viewers.back()->fd(), viewers.back().get());
  }
  print(viewers);
  for (epoll_event events[32];;) {
    const int n = epoll_wait(all.get(), events, 32, -1);
    for (int i = 0; i < n; ++i) {
      if (auto* viewer = static_cast<Viewer*>(events[i].data.ptr)) {
        viewer->read();
        continue;
      }
      char byte = 0;
      if (read(STDIN_FILENO, &byte, 1) <= 0) return 0;
      print(viewers);
    }
  }
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run({argc, argv}); }

// Bytes of a peer at a server's socket. Of the first two the highest bit says whether it is the server that wants tokens, the others where the
// rest is cut in two; between both parts, and behind them, viewers are sent a picture. Every connection is ended by the server, what comes
// of it begins as an answer, and no connection and no viewer stays behind. The hub's streams open nothing: hub_of_one.hpp.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "base/bytes.hpp"
#include "base/unique_fd.hpp"
#include "hub_of_one.hpp"
#include "require.hpp"
#include "support/token_files.hpp"
#include "web/server.hpp"

namespace {

constexpr int kHangsAfterSeconds = 20;
constexpr size_t kLookEvery = 16;  // runs: whether the server is still as it was

// The fuzzer's own alarm interrupts a call now and then.
template <class Call>
auto uninterrupted(Call call) {
  auto done = call();
  while (done < 0 && errno == EINTR) done = call();
  return done;
}

class Peer {
 public:
  explicit Peer(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    GLIMT_REQUIRE(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    const timeval deadline{kHangsAfterSeconds, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  }
  // The server may have closed already.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n =
          uninterrupted([&] { return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // For a moment, so that what was sent is mostly read before more comes.
  void wait() {
    pollfd readable{fd_.get(), POLLIN, 0};
    poll(&readable, 1, 1);
  }
  // All that comes up to the end, once this side has said that it is through.
  std::string finish() {
    shutdown(fd_.get(), SHUT_WR);
    std::string received;
    char piece[16384];
    while (true) {
      const auto n = uninterrupted([&] { return recv(fd_.get(), piece, sizeof piece, 0); });
      GLIMT_REQUIRE(n >= 0 || errno == ECONNRESET);  // else the server hangs
      if (n <= 0) return received;
      received.append(piece, static_cast<size_t>(n));
    }
  }

 private:
  glimt::UniqueFd fd_;
};

class Tested {
 public:
  Peer connect(bool with_tokens) { return Peer(port_of(with_tokens ? *guarded_ : *open_)); }
  void send_picture() {
    glimt::Ref<glimt::media::AccessUnit> unit(new glimt::media::AccessUnit);
    unit->info.number = ++newest_;
    unit->strips.push_back({{}, {kJpeg, sizeof kJpeg}, 0, false});
    picture_.units->send(unit);
  }
  // A peer of the loopback may steer: what it did is undone, so that each run begins alike.
  void restore() {
    const auto now = hub_->streams();
    if (now.size() == 1 && now[0].settings == cam0_) return;
    for (const auto& stream : now) GLIMT_REQUIRE(hub_->remove_stream(stream.settings.name).has_value());
    GLIMT_REQUIRE(hub_->add_stream(cam0_).has_value());
  }
  void check_serves() {
    for (const auto* server : {open_.get(), guarded_.get()}) {
      Peer peer(port_of(*server));
      peer.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
      GLIMT_REQUIRE(peer.finish().starts_with("HTTP/1.1 200 "));
      for (int left = 1000; !is_alone(*server); --left) {
        GLIMT_REQUIRE(left > 0);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  }

 private:
  static constexpr uint8_t kJpeg[] = {0xFF, 0xD8, 0xFF, 0xD9};

  static uint16_t port_of(const glimt::web::Server& server) {
    const auto address = server.address();
    return static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  // Nobody but who asks.
  bool is_alone(const glimt::web::Server& server) {
    Peer peer(port_of(server));
    peer.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto said = peer.finish();
    return said.find("\nglimt_web_connections 1\n") != std::string::npos &&
           said.find("\nglimt_web_viewers 0\n") != std::string::npos && picture_.units->watchers() == 0;
  }

  const glimt::test::StreamInTest picture_{glimt::hub::StreamState::flowing, {kJpeg, kJpeg + sizeof kJpeg}};
  const std::unique_ptr<glimt::hub::Hub> hub_ = open_hub_of_one(picture_, {.streams = 2, .destinations = 2});
  const glimt::hub::StreamSettings cam0_ = hub_->streams()[0].settings;
  const glimt::test::TokenFiles tokens_{};
  const std::unique_ptr<glimt::web::Server> open_ =
      glimt::web::open_server({.hub = *hub_, .listen = "127.0.0.1:0", .more_metrics = {}}).value();
  // Not on loopback alone: there whoever runs the hub needs no token, by whatever name they ask.
  const std::unique_ptr<glimt::web::Server> guarded_ =
      glimt::web::open_server({.hub = *hub_,
                               .listen = "0.0.0.0:0",
                               .view_token_file = tokens_.view,
                               .steer_token_file = tokens_.steer,
                               .more_metrics = {}})
          .value();
  glimt::Sequence newest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Tested tested;
  static size_t runs = 0;
  if (size < 2) return 0;
  const std::string_view bytes = glimt::as_text({data + 2, size - 2});
  const auto cut = std::min<size_t>(static_cast<size_t>(data[0] | (data[1] & 0x7F) << 8), bytes.size());
  auto peer = tested.connect((data[1] & 0x80) != 0);
  peer.send(bytes.substr(0, cut));
  if (cut > 0) peer.wait();
  tested.send_picture();
  peer.send(bytes.substr(cut));
  peer.wait();
  tested.send_picture();
  const auto received = peer.finish();
  GLIMT_REQUIRE(received.empty() || received.starts_with("HTTP/1.0 ") || received.starts_with("HTTP/1.1 "));
  tested.restore();
  if (runs++ % kLookEvery == 0) tested.check_serves();
  return 0;
}

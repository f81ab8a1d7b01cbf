// impaired_relay: datagrams between real sockets through the Impairment of tests/support: `impair udp` of shared/tools, with the
// same options, order and output, for one client at a time.
//
//   impaired_relay udp --listen IP:PORT --to IP:PORT [--loss PCT | --ge GB,BG,0,100] [--delay MS] [--jitter MS]
//                  [--reorder PCT] [--reorder-by MS] [--dup PCT] [--rate MBIT] [--queue KB] [--mtu BYTES] [--seed N]
//                  [--duration S]      with the prefix fwd- or rev- for one direction
//
//   input    fwd: whatever comes to --listen; rev: what --to answers, which goes to whoever was last heard at --listen
//   output   standard error: `impair ready`; at SIGTERM or the duration's end a line of counters a direction, and how late it was itself
//   errors   exit code 2 for options and addresses that it cannot use
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>

#include "base/histogram.hpp"
#include "measure.hpp"
#include "support/impairment.hpp"

namespace glimt::bench {
namespace {

using test::Impairment;

constexpr int kBufferBytes = 32 << 20;
constexpr int kBatch = 32;                              // before what is due is sent
constexpr auto kLook = std::chrono::milliseconds(200);  // for the end that was asked for

std::atomic<bool> stopped{false};

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "impair: %s\n", why.c_str());
  std::exit(2);
}

sockaddr_in parse_address(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1)
    refuse("address '" + text + "': want IP:PORT");
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(text.c_str() + colon + 1)));
  return address;
}

double parse_share(const std::string& text) {
  const double share = std::atof(text.c_str()) / 100;
  if (share < 0 || share > 1) refuse("percentage out of range: " + text);
  return share;
}

Duration parse_ms(const std::string& text) {
  return Duration(static_cast<int64_t>(std::atof(text.c_str()) * 1e6));
}

size_t parse_mtu(const std::string& text) {
  const int mtu = std::atoi(text.c_str());
  if (mtu != 0 && mtu < 68) refuse("--mtu: 0 or at least 68");
  return static_cast<size_t>(mtu);
}

void set_bursts(Impairment::Options& way, const std::string& text) {
  double to_bad = 0, to_good = 0, in_good = 0, in_bad = 0;
  if (std::sscanf(text.c_str(), "%lf,%lf,%lf,%lf", &to_bad, &to_good, &in_good, &in_bad) != 4 ||
      in_good != 0 || in_bad != 100 || to_bad <= 0 || to_good <= 0)
    refuse("--ge wants GB,BG,0,100: all of a burst is lost, and nothing else");
  way.burst = 100 / to_good;
  way.loss = to_bad / (to_bad + to_good);
}

using Setter = void (*)(Impairment::Options& way, const std::string& value);
const std::map<std::string, Setter> kSetters{
    {"loss", [](auto& way, auto& value) { way.loss = parse_share(value); }},
    {"ge", set_bursts},
    {"delay", [](auto& way, auto& value) { way.delay = parse_ms(value); }},
    {"jitter", [](auto& way, auto& value) { way.jitter = parse_ms(value); }},
    {"reorder", [](auto& way, auto& value) { way.reordered = parse_share(value); }},
    {"reorder-by", [](auto& way, auto& value) { way.reordered_by = parse_ms(value); }},
    {"dup", [](auto& way, auto& value) { way.repeated = parse_share(value); }},
    {"rate", [](auto& way, auto& value) { way.rate_bps = std::atof(value.c_str()) * 1e6; }},
    {"queue", [](auto& way, auto& value) { way.queue_bytes = size_t(std::atof(value.c_str()) * 1024); }},
    {"mtu", [](auto& way, auto& value) { way.mtu = parse_mtu(value); }}};

struct Options {
  sockaddr_in listen{}, to{};
  std::array<Impairment::Options, 2> ways;  // fwd, rev
  Instant end = Instant::max();
};

Options parse(int argc, char** argv) {
  if (argc < 2 || std::string(argv[1]) != "udp" || argc % 2 != 0)
    refuse("usage: impaired_relay udp --listen IP:PORT --to IP:PORT [options, each with a value]");
  Options o;
  uint64_t seed = 1;
  for (int i = 2; i < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    const bool fwd = name.rfind("--fwd-", 0) == 0, rev = name.rfind("--rev-", 0) == 0;
    const std::string bare = name.substr(std::min(name.size(), size_t{fwd || rev ? 6u : 2u}));
    if (name == "--listen")
      o.listen = parse_address(value);
    else if (name == "--to")
      o.to = parse_address(value);
    else if (name == "--seed")
      seed = std::strtoull(value.c_str(), nullptr, 0);
    else if (name == "--duration")
      o.end = now() + parse_ms(value) * 1000;
    else if (const auto setter = kSetters.find(bare); setter == kSetters.end())
      refuse("unknown option " + name);
    else
      for (size_t way = rev; way < (fwd ? 1u : 2u); ++way) setter->second(o.ways[way], value);
  }
  if (o.listen.sin_port == 0 || o.to.sin_port == 0) refuse("--listen and --to are needed");
  for (size_t way = 0; way < 2; ++way) o.ways[way].seed = seed * 2 + way;
  return o;
}

int open_socket() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
  if (fd < 0) refuse("socket: " + std::string(std::strerror(errno)));
  for (const auto& [forced, plain] : {std::pair(SO_RCVBUFFORCE, SO_RCVBUF), {SO_SNDBUFFORCE, SO_SNDBUF}}) {
    if (setsockopt(fd, SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) != 0)
      setsockopt(fd, SOL_SOCKET, plain, &kBufferBytes, sizeof kBufferBytes);
  }
  setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
  return fd;
}

struct Way {
  Impairment model;
  int from, to;
  uint64_t in_bytes = 0, out = 0, out_bytes = 0, send_errors = 0;
  uint32_t overflow = 0;
};

class Relay {
 public:
  explicit Relay(const Options& o)
      : near_(open_socket()),
        far_(open_socket()),
        ways_{Way{Impairment(o.ways[0]), near_, far_}, Way{Impairment(o.ways[1]), far_, near_}} {
    const auto bytes = [](const sockaddr_in& a) { return reinterpret_cast<const sockaddr*>(&a); };
    if (bind(near_, bytes(o.listen), sizeof o.listen) != 0 || connect(far_, bytes(o.to), sizeof o.to) != 0)
      refuse("bind or connect: " + std::string(std::strerror(errno)));
  }
  ~Relay() {
    close(near_);
    close(far_);
  }

  void run(Instant end) {
    while (!stopped && now() < end) {
      for (auto& way : ways_) send_due(way);
      const Instant next = std::min({ways_[0].model.next(), ways_[1].model.next(), end, now() + kLook});
      const auto wait = std::max(Duration::zero(), Duration(next - now()));
      const timespec left{wait / std::chrono::seconds(1), (wait % std::chrono::seconds(1)).count()};
      std::array<pollfd, 2> some{{{near_, POLLIN, 0}, {far_, POLLIN, 0}}};
      if (ppoll(some.data(), some.size(), &left, nullptr) <= 0) continue;
      for (size_t i = 0; i < 2; ++i) {
        if (some[i].revents != 0) take(ways_[i]);
      }
    }
  }
  void print() const {
    for (size_t i = 0; i < 2; ++i) print(i == 0 ? "fwd" : "rev", ways_[i]);
    const auto late_us = [&](double share) { return to_ms(late_.quantile(share)) * 1000; };
    std::fprintf(
        stderr,
        "impair final held=%zu own_rx_overflow=%u late_p50_us=%.0f late_p99_us=%.0f late_max_us=%.0f\n",
        ways_[0].model.held() + ways_[1].model.held(), ways_[0].overflow + ways_[1].overflow, late_us(0.5),
        late_us(0.99), late_us(1));
  }

 private:
  // Without UDP_GRO the kernel hands over segment by segment what went as one send.
  void take(Way& way) {
    for (int i = 0; i < kBatch; ++i) {
      alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof way.overflow)> control{};
      sockaddr_in from{};
      iovec part{datagram_.data(), datagram_.size()};
      msghdr header{&from, sizeof from, &part, 1, control.data(), control.size(), 0};
      const ssize_t n = recvmsg(way.from, &header, MSG_DONTWAIT);
      if (n < 0) return;
      if (const auto* drops = CMSG_FIRSTHDR(&header); drops != nullptr && drops->cmsg_type == SO_RXQ_OVFL)
        std::memcpy(&way.overflow, CMSG_DATA(drops), sizeof way.overflow);
      if (way.from == near_) client_ = from;
      way.in_bytes += static_cast<size_t>(n);
      way.model.push(Bytes(datagram_).first(static_cast<size_t>(n)), now());
    }
  }
  void send_due(Way& way) {
    for (Instant due = way.model.next(); due <= now(); due = way.model.next()) {
      way.model.pop(due, [&](Bytes datagram) {
        late_.add(now() - due);
        const bool back = way.to == near_;
        const auto send = [&] {
          return sendto(way.to, datagram.data(), datagram.size(), MSG_DONTWAIT,
                        back ? reinterpret_cast<const sockaddr*>(&client_) : nullptr,
                        back ? sizeof client_ : 0);
        };
        // What the far side refused before is told now; this datagram was not sent.
        const bool sent = send() >= 0 || (errno == ECONNREFUSED && send() >= 0);
        way.send_errors += !sent;
        way.out += sent;
        way.out_bytes += sent ? datagram.size() : 0;
      });
    }
  }
  static void print(const char* name, const Way& way) {
    const auto& c = way.model.counters();
    const auto field = [](const char* key, uint64_t value) {
      std::fprintf(stderr, " %s=%llu", key, static_cast<unsigned long long>(value));
    };
    std::fprintf(stderr, "impair final %s", name);
    field("in", c.in), field("in_bytes", way.in_bytes), field("out", way.out),
        field("out_bytes", way.out_bytes);
    field("lost", c.lost), field("frags", c.fragments), field("frags_lost", c.fragments_lost);
    field("bursts", c.bursts), field("queue_drop", c.dropped), field("dup", c.repeated);
    field("reordered", c.reordered), field("send_err", way.send_errors);
    std::fprintf(stderr, "\n");
  }

  const int near_, far_;
  std::array<Way, 2> ways_;
  sockaddr_in client_{};
  std::vector<uint8_t> datagram_ = std::vector<uint8_t>(65'536);
  Histogram late_;
};

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  for (const int sign : {SIGTERM, SIGINT}) std::signal(sign, [](int) { stopped = true; });
  prctl(PR_SET_TIMERSLACK, 1);
  // A way does not wait for whom it carries. Where this is not allowed, its lateness says so.
  const sched_param first{.sched_priority = 1};
  sched_setscheduler(0, SCHED_FIFO, &first);
  Relay relay(options);
  std::fprintf(stderr, "impair ready\n");
  relay.run(options.end);
  relay.print();
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run(argc, argv); }

// One-way streams over real sockets: nothing ever goes back, and what is lost comes back from parity alone.
#include <poll.h>

#include <set>

#include "support/plain_peer.hpp"
#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;

enum : uint8_t { kData = 2, kParity = 3, kClose = 6, kSkip = 7 };  // types of packets

// A plain socket in place of the receiver, which it passes packets on to. Whatever the receiver said would come to it.
class Eavesdropper {
 public:
  struct Packet {
    uint8_t type = 0;
    uint32_t session = 0;
    uint64_t number = 0;
  };

  explicit Eavesdropper(uint16_t receiver) : receiver_(loopback_at(receiver)) {
    const int wanted = 4 << 20;
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    const auto any = loopback_at(0);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  }
  uint16_t port() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&own), &size);
    return ntohs(own.sin_port);
  }
  // Passes on what has come meanwhile and is let through.
  template <class Filter>
  void run(Filter lets_through) {
    std::array<char, 2048> datagram;
    while (true) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t n = recvfrom(fd_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&from), &size);
      if (n < 16) return;
      if (from.sin_port == receiver_.sin_port) {
        ++answers;
        continue;
      }
      Packet p{static_cast<uint8_t>(datagram[1])};
      std::memcpy(&p.session, datagram.data() + 4, sizeof p.session);
      std::memcpy(&p.number, datagram.data() + 8, sizeof p.number);
      heard.push_back(p);
      if (!lets_through(p)) continue;
      sendto(fd_.get(), datagram.data(), static_cast<size_t>(n), 0,
             reinterpret_cast<const sockaddr*>(&receiver_), sizeof receiver_);
    }
  }

  std::vector<Packet> heard;
  size_t answers = 0;

 private:
  const UniqueFd fd_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const sockaddr_in receiver_;
};

class OneWayTest : public testing::Test {
 protected:
  static bool all(const Eavesdropper::Packet&) { return true; }
  ~OneWayTest() override {
    between_.run(all);
    EXPECT_EQ(between_.answers, 0u) << "the receiver has sent something";
  }

  Publisher make_publisher(const std::string& options = "") {
    return Publisher::open("udp://127.0.0.1:" + std::to_string(between_.port()) + "?feedback=off" + options,
                           {.codec = Codec::raw})
        .value();
  }
  template <class Filter>
  Frame pass(Publisher& out, const cv::Mat& mat, Filter lets_through) {
    out.publish(mat).value();
    std::optional<Frame> frame;
    EXPECT_TRUE(eventually([&] {
      between_.run(lets_through);
      if (auto read = in_.read(1ms)) frame = *read;
      return frame.has_value();
    }));
    return frame.value();
  }

  const uint16_t port_ = free_port();
  Eavesdropper between_{port_};
  // Nothing is given up because this machine is busy.
  Subscriber in_ =
      Subscriber::open("udp://127.0.0.1:" + std::to_string(port_) + "?listen&feedback=off&latency=5s")
          .value();
};

TEST_F(OneWayTest, PicturesArriveAndNothingGoesBack) {
  auto out = make_publisher();
  for (uint64_t i = 0; i < 20; ++i) {
    const auto mat = make_noise(160, 120, CV_8UC3, i);
    EXPECT_TRUE(same_pixels(pass(out, mat, all).mat(), mat)) << "picture " << i;
  }
  std::set<uint8_t> types;
  std::set<uint32_t> sessions;
  for (const auto& p : between_.heard) {
    types.insert(p.type);
    sessions.insert(p.session);
  }
  EXPECT_EQ(types, (std::set<uint8_t>{kData, kParity}));
  EXPECT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions.count(0), 0u);
  const auto received = in_.stats();
  EXPECT_TRUE(received.one_way);
  EXPECT_TRUE(received.connected);
  EXPECT_EQ(received.lost + received.recovered + received.asked + received.stray, 0u);
  EXPECT_TRUE(received.clock.known) << "of one machine";
  const auto sent = out.stats().destinations.at(0);
  EXPECT_TRUE(sent.one_way);
  EXPECT_EQ(sent.parity_percent, 20);
  EXPECT_EQ(sent.receivers, 1u);
  EXPECT_EQ(sent.packets, between_.heard.size());
  EXPECT_NEAR(static_cast<double>(sent.parity) / static_cast<double>(sent.packets - sent.parity), 0.2, 0.03);
}

TEST_F(OneWayTest, WhatIsLostComesBackFromParity) {
  auto out = make_publisher();
  for (uint64_t i = 0; i < 20; ++i) {
    const auto mat = make_noise(160, 120, CV_8UC3, i);
    const auto frame = pass(out, mat, [](const auto& p) { return p.number % 10 != 3; });
    EXPECT_TRUE(same_pixels(frame.mat(), mat)) << "picture " << i;
  }
  const auto stats = in_.stats();
  EXPECT_GT(stats.recovered, 20u);
  EXPECT_GT(stats.packets_lost, 0u);
  EXPECT_EQ(stats.lost + stats.asked, 0u);
}

TEST_F(OneWayTest, ASenderThatIsRestartedWithoutAGoodByeIsFollowed) {
  const auto mat = make_noise(160, 120, CV_8UC3, 1);
  const auto no_close = [](const auto& p) { return p.type != kClose; };
  {
    auto out = make_publisher();
    pass(out, mat, no_close);
  }
  auto out = make_publisher();
  std::optional<Frame> frame;
  EXPECT_TRUE(eventually([&] {
    out.publish(mat).value();
    between_.run(no_close);
    if (auto read = in_.read(5ms)) frame = *read;
    return frame.has_value();
  }));
  EXPECT_EQ(in_.stats().sessions, 2u);
}

TEST_F(OneWayTest, AStreamThatLivesIsNotLeftForAnother) {
  const auto mat = make_noise(64, 48, CV_8UC3, 1);
  auto ours = make_publisher();
  pass(ours, mat, all);
  auto theirs = make_publisher();
  EXPECT_TRUE(eventually([&] {
    const uint8_t mine = 1, other = 2;
    ours.publish(mat, {.metadata = {&mine, 1}}).value();
    theirs.publish(mat, {.metadata = {&other, 1}}).value();
    between_.run(all);
    if (auto read = in_.read(5ms)) {
      EXPECT_EQ(read->metadata()[0], mine);
    }
    return in_.stats().stray > 200;
  }));
  EXPECT_EQ(in_.stats().sessions, 1u);
}

TEST_F(OneWayTest, AnEndIsToldThreeTimes) {
  {
    auto out = make_publisher();
    pass(out, make_noise(64, 48, CV_8UC3, 1), all);
  }
  EXPECT_TRUE(eventually([&] {
    between_.run(all);
    return !in_.stats().connected;
  }));
  EXPECT_EQ(std::count_if(between_.heard.begin(), between_.heard.end(),
                          [](const auto& p) { return p.type == kClose; }),
            3);
}

TEST(GroupTest, EachReceiverSeesThePicturesAlsoOneThatJoinsLate) {
  const auto pid = static_cast<unsigned>(getpid());
  const std::string group = "udp://239.255." + std::to_string(pid / 250 % 250) + "." +
                            std::to_string(1 + pid % 250) + ":" + std::to_string(free_port()) +
                            "?interface=lo";
  auto out = Publisher::open(group, {.codec = Codec::raw}).value();
  std::vector<Subscriber> receivers;
  for (uint64_t i = 0; i < 3; ++i) {
    receivers.push_back(Subscriber::open(group + "&listen").value());
    const auto mat = make_noise(160, 120, CV_8UC3, i);
    for (auto& in : receivers) {
      EXPECT_TRUE(eventually([&] {
        out.publish(mat).value();
        const auto read = in.read(20ms);
        return read && same_pixels(read->mat(), mat);
      }));
    }
  }
  EXPECT_EQ(out.stats().destinations.at(0).receivers, 1u);
}

}  // namespace
}  // namespace glimt

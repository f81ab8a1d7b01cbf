// The countdown wire at the receiving end, over real sockets: whole pictures or none, whatever comes.
#include <gmock/gmock.h>

#include <functional>

#include "encode/encoder.hpp"
#include "support/countdown.hpp"
#include "support/pictures.hpp"
#include "support/plain_peer.hpp"

namespace glimt {
namespace {

using namespace test;
using Datagrams = std::vector<std::string>;

constexpr size_t kSegment = 4000;

// Noise: no two pictures have their blocks at the same places.
cv::Mat picture(uint64_t number) { return make_noise(160, 120, CV_8UC1, number); }

Datagrams datagrams_of(uint64_t number) {
  const cv::Mat mat = picture(number);
  const auto frame = media::frame_over(Ref<Shared>(new Held<cv::Mat>(mat)), mat.data, PixelFormat::gray8,
                                       mat.cols, mat.rows);
  CollectingSink sink;
  EXPECT_TRUE(encode::make_jpeg_encoder({95})->encode(frame, sink));
  return cut_for_countdown(as_text(sink.strips.at(0).bytes), kSegment);
}

bool shows(const Frame& frame, uint64_t number) {
  return frame.mat().size() == picture(number).size() && cv::PSNR(frame.mat(), picture(number)) > 30;
}

class CountdownOver : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const bool udp = GetParam() == "udp";
    const std::string place = udp ? "udp://127.0.0.1:" + std::to_string(port_) : "unix://" + path_;
    in_.emplace(Subscriber::open(place + "?listen&wire=countdown" + options()).value());
    out_.emplace(make_sender());
  }
  virtual std::string options() const { return ""; }
  PlainPeer make_sender() const {
    return GetParam() == "udp" ? PlainPeer::udp(port_) : PlainPeer::unix_datagram(path_);
  }
  void send(const Datagrams& datagrams) {
    for (const auto& d : datagrams) ASSERT_TRUE(out_->send(d));
  }
  // The next picture that is shown is this one.
  void expect_right_again() {
    const uint64_t number = ++number_;
    send(datagrams_of(number));
    const auto frame = in_->read(kDeadline);
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_TRUE(shows(*frame, number));
  }

  const uint16_t port_ = free_port();
  const std::string path_ = free_path();
  std::optional<Subscriber> in_;
  std::optional<PlainPeer> out_;
  uint64_t number_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Any, CountdownOver, testing::Values("udp", "unix"),
                         [](const auto& test) { return test.param; });

TEST_P(CountdownOver, PicturesArriveAndClaimNoTimeThatIsNotKnown) {
  for (int i = 0; i < 30; ++i) expect_right_again();
  send(datagrams_of(++number_));
  const auto frame = in_->read(kDeadline).value();
  EXPECT_EQ(frame.number(), 31u);
  EXPECT_LT(frame.age(), kDeadline) << "its arrival stands for its capture";
  const auto stats = in_->stats();
  EXPECT_TRUE(stats.connected);
  EXPECT_EQ(stats.sessions, 1u);
  EXPECT_EQ(stats.frames, 31u);
  EXPECT_EQ(stats.lost + stats.late + stats.repeated + stats.refused + stats.stray, 0u);
  EXPECT_EQ(stats.total.captured_decoded.n + stats.total.captured_encoded.n + stats.total.sent_arrived.n, 0u);
  EXPECT_EQ(stats.total.whole_decoded.n, 31u);
  EXPECT_FALSE(stats.clock.known);
}

TEST_P(CountdownOver, ATornPictureIsNotShownAndTheNextOneIs) {
  expect_right_again();
  const auto a = datagrams_of(1000), b = datagrams_of(1001);
  ASSERT_GE(a.size(), 4u);
  ASSERT_EQ(a.size(), b.size());
  const auto swap_in = [](Datagrams d, size_t at, const std::string& other) { return d[at] = other, d; };
  Datagrams gap = a, repeat = a, cut = a, short_one = a, spliced = a;
  gap.erase(gap.begin() + 1);
  repeat.insert(repeat.begin() + 1, a[1]);
  cut.pop_back();
  short_one[1].pop_back();
  std::copy(b.end() - 2, b.end(), spliced.end() - 2);  // its counters fit: the decoder finds out
  const std::vector<Datagrams> torn{gap,     repeat, cut,  short_one, swap_in(swap_in(a, 1, a[2]), 2, a[1]),
                                    spliced, {a[1]}, {""}, {"\x01"},  swap_in(a, 2, "noise")};
  for (const auto& datagrams : torn) {
    send(datagrams);
    expect_right_again();
  }
  const auto stats = in_->stats();
  EXPECT_EQ(stats.frames, torn.size() + 1);
  EXPECT_GE(stats.lost, 4u);
  EXPECT_GE(stats.repeated, 1u);
  EXPECT_GE(stats.late, 1u);
  EXPECT_GE(stats.refused, 2u);
}

TEST_P(CountdownOver, NoiseBeforeAndBetweenIsSurvived) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto noise = make_noise(static_cast<int>(1 + seed * 7), 1, CV_8UC1, seed);
    out_->send({reinterpret_cast<const char*>(noise.data), static_cast<size_t>(noise.cols)});
    if (seed % 50 == 49) expect_right_again();
  }
}

TEST_P(CountdownOver, ASenderThatIsKilledInMidPictureAndRestartedIsSeenAgain) {
  for (int life = 0; life < 2; ++life) {
    auto datagrams = datagrams_of(++number_);
    datagrams.pop_back();
    send(datagrams);
    out_.emplace(make_sender());
    const uint64_t first = number_ + 1;
    std::optional<Frame> frame;
    EXPECT_TRUE(eventually([&] {
      send(datagrams_of(++number_));
      if (auto read = in_->read(10ms)) frame = *read;
      return frame.has_value();
    }));
    bool shown = false;
    for (uint64_t n = first; n <= number_; ++n) shown = shown || shows(*frame, n);
    EXPECT_TRUE(shown);
  }
}

TEST(CountdownOverUdp, AnotherSendersDatagramsAreCountedAndHarmNothing) {
  const uint16_t port = free_port();
  auto in = Subscriber::open("udp://127.0.0.1:" + std::to_string(port) + "?wire=countdown&listen").value();
  const auto followed = PlainPeer::udp(port), other = PlainPeer::udp(port);
  for (uint64_t i = 1; i <= 10; ++i) {
    const auto a = datagrams_of(i), b = datagrams_of(100 + i);
    for (size_t d = 0; d < a.size(); ++d) {
      ASSERT_TRUE(followed.send(a[d]));
      ASSERT_TRUE(other.send(b[d % b.size()]));
    }
    EXPECT_TRUE(shows(in.read(kDeadline).value(), i));
  }
  EXPECT_TRUE(eventually([&] { return in.stats().stray == 10 * datagrams_of(1).size(); }));
}

TEST(CountdownOverUnix, InModeEveryTheSenderWaitsForTheReader) {
  const std::string path = free_path();
  auto in = Subscriber::open("unix://" + path + "?wire=countdown&mode=every").value();
  constexpr uint64_t kPictures = 60;
  std::jthread script([&] {
    const auto out = PlainPeer::unix_datagram(path);
    for (uint64_t i = 0; i < kPictures; ++i) {
      for (const auto& d : datagrams_of(i)) EXPECT_TRUE(out.send(d));
    }
  });
  for (uint64_t i = 0; i < kPictures; ++i) {
    const auto frame = in.read(kDeadline);
    ASSERT_TRUE(frame) << frame.error().message;
    EXPECT_TRUE(shows(*frame, i)) << i;
    if (i % 16 == 0) std::this_thread::sleep_for(20ms);  // a slow reader
  }
  EXPECT_EQ(in.stats().dropped, 0u);
}

}  // namespace
}  // namespace glimt

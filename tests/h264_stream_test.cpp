// H.264 from a publisher to its subscribers, over each transport: who joins sees a picture, and what is shown is right.
#include <gmock/gmock.h>

#include <thread>

#include "media/h264_layout.hpp"
#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace std::chrono_literals;
using namespace test;

// A flat picture of a shade of its own for each number, which survives the encoder.
cv::Mat numbered(int number, int width = 320, int height = 240) {
  return {height, width, CV_8UC3, cv::Scalar::all(20 + number * 10 % 220)};
}
int number_of(const cv::Mat& mat) { return static_cast<int>((cv::mean(mat)[0] - 20 + 5) / 10); }

class H264StreamTest : public ::testing::TestWithParam<std::string> {
 protected:
  static PublisherOptions sending() {
    PublisherOptions options;
    options.codec = Codec::h264;
    return options;
  }
};

TEST_P(H264StreamTest, EachPictureIsReadBeforeTheNextIsPublished) {
  auto stream = Stream::open(GetParam(), sending());
  for (int i = 0; i < 20; ++i) {
    stream.out.publish(numbered(i)).value();
    const auto frame = stream.in.read(kDeadline);
    ASSERT_TRUE(frame) << i << ": " << frame.error().message;
    EXPECT_EQ(number_of(frame->mat()), i) << "no picture is held back at either end";
  }
  EXPECT_EQ(stream.in.stats().refused, 0u);
}

TEST_P(H264StreamTest, WhoJoinsAStillPictureSeesItAndTheOthersDoNotSeeItAgain) {
  const Link link = make_link(GetParam());
  auto out = Publisher::open(link.listening, sending()).value();
  auto first = Subscriber::open(link.connecting).value();
  ASSERT_TRUE(eventually([&] { return first.stats().connected; }));
  for (int i = 0; i < 3; ++i) {
    out.publish(numbered(i)).value();
    ASSERT_TRUE(first.read(kDeadline));
  }
  auto second = Subscriber::open(link.connecting).value();
  const auto frame = second.read(kDeadline);
  ASSERT_TRUE(frame) << frame.error().message;
  EXPECT_EQ(number_of(frame->mat()), 2);
  out.publish(numbered(3)).value();
  for (auto* in : {&first, &second}) {
    const auto next = in->read(kDeadline);
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(number_of(next->mat()), 3) << "not the still picture once more";
  }
}

TEST_P(H264StreamTest, WhoJoinsInMidStreamSeesWholePicturesOnly) {
  const Link link = make_link(GetParam());
  auto out = Publisher::open(link.listening, sending()).value();
  std::atomic<bool> stop{false};
  std::thread camera([&] {
    for (int i = 0; !stop; i = (i + 1) % 20) {
      out.publish(numbered(i)).value();
      std::this_thread::sleep_for(5ms);
    }
  });
  for (int joiner = 0; joiner < 5; ++joiner) {
    auto in = Subscriber::open(link.connecting).value();
    for (int i = 0; i < 10; ++i) {
      const auto frame = in.read(kDeadline);
      ASSERT_TRUE(frame) << frame.error().message;
      cv::Scalar mean, deviation;
      cv::meanStdDev(frame->mat(), mean, deviation);
      EXPECT_LT(deviation[0], 2) << "a flat picture";
    }
    EXPECT_EQ(in.stats().refused, 0u);
  }
  stop = true;
  camera.join();
}

TEST_P(H264StreamTest, EveryPictureArrivesInEveryMode) {
  auto stream = Stream::open(GetParam(), sending(), {.mode = Mode::every});
  ASSERT_TRUE(stream.out.play("test:?size=320x240&fps=200", {.fast = true, .frames = 100}));
  uint32_t before = 0;
  for (int i = 0; i < 100; ++i) {
    const auto frame = stream.in.read(kDeadline);
    ASSERT_TRUE(frame) << i << ": " << frame.error().message;
    EXPECT_TRUE(i == 0 || frame->number() == before + 1) << frame->number();
    before = frame->number();
  }
}

TEST_P(H264StreamTest, EncodedPicturesAreAnnexBAndBeginWithAKeyFrame) {
  auto stream = Stream::open(GetParam(), sending(), {.mode = Mode::every, .encoded = true});
  for (int i = 0; i < 5; ++i) {
    stream.out.publish(numbered(i)).value();
    const auto frame = stream.in.read(kDeadline);
    ASSERT_TRUE(frame);
    const auto& mat = frame->mat();
    const auto layout = media::scan_h264({mat.data, mat.total()});
    EXPECT_GT(layout.slices, 0u);
    EXPECT_EQ(layout.is_key(), i == 0);
  }
}

TEST_P(H264StreamTest, SizeMayChangeInMidStream) {
  auto stream = Stream::open(GetParam(), sending());
  for (const auto& [width, height] : {std::pair{320, 240}, {641, 361}, {96, 64}}) {
    for (int i = 0; i < 3; ++i) {
      const auto frame = stream.pass(numbered(i, width, height));
      EXPECT_EQ(frame.mat().size(), cv::Size(width, height));
      EXPECT_EQ(number_of(frame.mat()), i);
    }
  }
}

TEST_P(H264StreamTest, SlowReaderSeesTheNewestPictureNotASmearedOne) {
  auto stream = Stream::open(GetParam(), sending());
  for (int i = 0; i < 15; ++i) {
    stream.out.publish(numbered(i)).value();
    ASSERT_TRUE(eventually([&] { return stream.out.stats().frames >= static_cast<uint64_t>(i + 1); }));
  }
  ASSERT_TRUE(eventually([&] {
    const auto frame = stream.in.read(kDeadline);
    return frame && number_of(frame->mat()) == 14;
  }));
  EXPECT_EQ(stream.in.stats().refused, 0u);
}

INSTANTIATE_TEST_SUITE_P(Transports, H264StreamTest, ::testing::Values("udp", "tcp", "unix"),
                         [](const auto& transport) { return transport.param; });

}  // namespace
}  // namespace glimt

// Publisher::play, and the options of subscriber and address that only a whole stream can show.
#include <gmock/gmock.h>

#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::HasSubstr;

constexpr char kPicture[] = "test:?size=320x240&fps=100";

struct Playing {
  Publisher out;
  Subscriber in;
};

Playing open(const std::string& scheme, const SubscriberOptions& options = {},
             const PublisherOptions& sending = {}) {
  const Link link = make_link(scheme);
  return {Publisher::open(link.listening, sending).value(),
          Subscriber::open(link.connecting, options).value()};
}

TEST(PlayTest, SendsWhatTheSourceShows) {
  for (const char* scheme : {"udp", "tcp", "unix"}) {
    auto stream = open(scheme);
    stream.out.play(kPicture).value();
    const auto frame = stream.in.read(kDeadline).value();
    EXPECT_EQ(frame.width(), 320) << scheme;
    EXPECT_EQ(frame.height(), 240) << scheme;
    EXPECT_FALSE(stream.out.wait(0ms).value()) << scheme;
  }
}

TEST(PlayTest, TakesSizeAndNumberOfFramesFromItsOptions) {
  auto stream = open("unix", {.mode = Mode::every});
  ASSERT_TRUE(eventually([&] { return stream.in.stats().connected; }));
  stream.out.play("test:?fps=200", {.size = std::pair{160, 120}, .frames = 3}).value();
  EXPECT_EQ(stream.in.read(kDeadline).value().width(), 160);
  EXPECT_TRUE(stream.out.wait(kDeadline).value());
  EXPECT_LE(stream.out.stats().frames, 3u);
}

TEST(PlayTest, NothingPlayedHasEnded) {
  auto stream = open("unix");
  EXPECT_TRUE(stream.out.wait(0ms).value());
  stream.out.stop();
}

TEST(PlayTest, PicturesPassTheFilterThatIsAskedFor) {
  for (const char* filter : {"faces", "faces:metadata?min_size=60"}) {
    auto stream = open("unix");
    stream.out.play(kPicture, {.filter = filter}).value();
    EXPECT_EQ(stream.in.read(kDeadline).value().width(), 320) << filter;
  }
}

TEST(PlayTest, AFilterThatDoesNotOpenNamesTheCure) {
  auto stream = open("unix");
  const auto unknown = stream.out.play(kPicture, {.filter = "blur"});
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("known: faces"));
  EXPECT_FALSE(stream.out.play(kPicture, {.filter = "faces?cascade=/no/such.xml"}));
  EXPECT_TRUE(stream.out.play(kPicture)) << "the publisher is as it was";
}

TEST(PlayTest, ASourceThatDoesNotOpenNamesTheCure) {
  auto stream = open("unix");
  const auto missing = stream.out.play("/no/such/clip.mp4");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("check its name"));
  const auto looped = stream.out.play("test:", {.loop = true});
  ASSERT_FALSE(looped);
  EXPECT_EQ(looped.error().kind, ErrorKind::invalid_argument);
  EXPECT_TRUE(stream.out.play(kPicture)) << "the publisher is as it was";
}

TEST(PlayTest, OneSourceAtATime) {
  auto stream = open("unix");
  stream.out.play(kPicture).value();
  const auto second = stream.out.play(kPicture);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("stop() it first"));
  stream.out.stop();
  EXPECT_TRUE(stream.out.play(kPicture));
}

TEST(PlayTest, AfterStopNoPictureOfItIsTakenAndMatsStillAre) {
  auto stream = open("unix", {.mode = Mode::every}, {.codec = Codec::raw});
  stream.out.play(kPicture).value();
  ASSERT_TRUE(stream.in.read(kDeadline));
  stream.out.stop();
  EXPECT_TRUE(stream.out.wait(0ms).value());
  const auto mat = make_noise(64, 48, CV_8UC3, 7);
  stream.out.publish(mat).value();
  Frame last = stream.in.read(kDeadline).value();
  while (last.width() != 64) last = stream.in.read(kDeadline).value();
  EXPECT_TRUE(same_pixels(last.mat(), mat));
}

// The source is patient and its only receiver takes nothing: the capture thread waits for room.
TEST(PlayTest, StopsWhileTheOnlyReaderOfEveryFrameTakesNothing) {
  auto stream = open("unix", {.mode = Mode::every}, {.codec = Codec::raw});
  ASSERT_TRUE(eventually([&] { return stream.in.stats().connected; }));
  stream.out.play("test:?size=320x240", {.fast = true}).value();
  ASSERT_TRUE(eventually([&] { return stream.out.stats().frames >= 4; })) << "what it may have on loan";
  stream.out.stop();
  EXPECT_TRUE(stream.out.wait(0ms).value());
}

TEST(PlayTest, DestroyedAndFinishedWhilePlaying) {
  for (const bool finish : {false, true}) {
    auto stream = open("tcp");
    stream.out.play(kPicture).value();
    if (finish) stream.out.finish();
  }
}

TEST(SubscriberOptionsTest, OnceEndsWithTheStream) {
  auto stream = open("tcp", {.once = true});
  ASSERT_TRUE(eventually([&] { return stream.in.stats().connected; }));
  stream.out.finish();
  EXPECT_EQ(stream.in.read(kDeadline).error().kind, ErrorKind::disconnected);
}

TEST(SubscriberOptionsTest, EncodedHandsOutTheBytesOfTheJpeg) {
  auto stream = open("udp", {.encoded = true});
  stream.out.play(kPicture).value();
  const auto frame = stream.in.read(kDeadline).value();
  const cv::Mat& bytes = frame.mat();
  ASSERT_EQ(bytes.type(), CV_8UC1);
  ASSERT_EQ(bytes.rows, 1);
  ASSERT_GT(bytes.cols, 100);
  const auto at = [&](int i) { return static_cast<int>(bytes.at<uint8_t>(0, i)); };
  EXPECT_EQ(at(0) << 8 | at(1), 0xFFD8);
  EXPECT_EQ(at(bytes.cols - 2) << 8 | at(bytes.cols - 1), 0xFFD9);
}

TEST(AddressOptionsTest, MaxFrameStandsInTheAddressOfBothEnds) {
  const Link link = make_link("unix");
  auto out = Publisher::open(link.listening + "&max_frame=10k", {.codec = Codec::raw}).value();
  EXPECT_EQ(out.publish(make_noise(60, 60, CV_8UC3, 1)).error().kind, ErrorKind::invalid_argument);
  EXPECT_FALSE(out.play("test:?size=320x240")) << "the source keeps to it too";
  auto in = Subscriber::open(link.connecting + "&max_frame=5k").value();
  ASSERT_TRUE(eventually([&] { return in.stats().connected; }));
  out.publish(make_noise(50, 50, CV_8UC3, 1)).value();
  EXPECT_TRUE(eventually([&] {
    EXPECT_FALSE(in.read(0ms));
    return in.stats().refused == 1;
  })) << "7.5 KB at 5 KB";
  out.publish(make_noise(40, 40, CV_8UC3, 1)).value();
  EXPECT_EQ(in.read(kDeadline).value().width(), 40);
}

TEST(AddressOptionsTest, MaxFrameThatIsNoneOrDiffersIsRefused) {
  EXPECT_THAT(Publisher::open("udp://127.0.0.1:9?max_frame=big").error().message,
              HasSubstr("number of bytes"));
  EXPECT_THAT(Subscriber::open("udp://127.0.0.1:9?max_frame=0").error().message,
              HasSubstr("number of bytes"));
  const std::vector<std::string> two{"udp://127.0.0.1:9?max_frame=1M", "tcp://127.0.0.1:9?max_frame=2M"};
  EXPECT_THAT(Publisher::open(two).error().message, HasSubstr("different max_frame"));
}

}  // namespace
}  // namespace glimt

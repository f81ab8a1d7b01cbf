// What the headers of include/glimt promise, over every transport.
#include <gmock/gmock.h>

#include <future>
#include <numeric>

#include "support/streams.hpp"

namespace glimt {
namespace {

using namespace test;
using testing::HasSubstr;

class ApiTest : public testing::TestWithParam<std::string> {
 protected:
  Stream open(const PublisherOptions& sending = {.codec = Codec::raw},
              const SubscriberOptions& receiving = {}) {
    return Stream::open(GetParam(), sending, receiving);
  }
};

INSTANTIATE_TEST_SUITE_P(Over, ApiTest, testing::Values("udp", "tcp", "unix"),
                         [](const auto& test) { return test.param; });

TEST_P(ApiTest, CarriesBgrGreyAndBgra) {
  auto stream = open();
  for (const int type : {CV_8UC3, CV_8UC1, CV_8UC4}) {
    const auto mat = make_noise(33, 17, type, static_cast<uint64_t>(type));
    const auto frame = stream.pass(mat);
    EXPECT_TRUE(same_pixels(frame.mat(), mat)) << "type " << type;
    EXPECT_EQ(frame.width(), 33);
    EXPECT_EQ(frame.height(), 17);
  }
}

TEST_P(ApiTest, CarriesARegionOfALargerMat) {
  auto stream = open();
  const auto whole = make_noise(64, 48, CV_8UC3, 1);
  const cv::Mat region = whole(cv::Rect(5, 7, 31, 19));
  ASSERT_FALSE(region.isContinuous());
  EXPECT_TRUE(same_pixels(stream.pass(region).mat(), region));
}

TEST_P(ApiTest, CarriesAMovedRegionOfALargerMat) {
  auto stream = open();
  cv::Mat region = make_noise(64, 48, CV_8UC3, 1)(cv::Rect(5, 7, 31, 19));
  const cv::Mat expected = region.clone();
  stream.out.publish(std::move(region)).value();
  EXPECT_TRUE(same_pixels(stream.in.read(kDeadline).value().mat(), expected));
}

TEST_P(ApiTest, JpegKeepsThePictureAndItsKind) {
  auto stream = open({.codec = Codec::jpeg, .quality = 90});
  for (const int channels : {1, 3}) {
    const auto mat = make_smooth(320, 240, channels);
    const auto frame = stream.pass(mat);
    ASSERT_EQ(frame.mat().type(), mat.type());
    EXPECT_GT(cv::PSNR(frame.mat(), mat), 30);
  }
}

TEST_P(ApiTest, HandsOutTheFormatThatTheSubscriberAsksFor) {
  auto stream = open({.codec = Codec::raw}, {.format = PixelFormat::gray8});
  const cv::Mat green(20, 30, CV_8UC3, cv::Scalar(100, 100, 100));
  const auto frame = stream.pass(green);
  EXPECT_TRUE(same_pixels(frame.mat(), cv::Mat(20, 30, CV_8UC1, cv::Scalar(100))));
}

TEST_P(ApiTest, RefusesAMatThatItCannotCarry) {
  auto stream = open();
  const int cube[] = {4, 4, 4};
  for (const auto& mat : {cv::Mat(), cv::Mat(8, 8, CV_16SC1), cv::Mat(8, 8, CV_64FC3), cv::Mat(8, 8, CV_8UC2),
                          cv::Mat(3, cube, CV_8UC1)}) {
    const auto published = stream.out.publish(mat);
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().kind, ErrorKind::invalid_argument);
    EXPECT_THROW(stream.out << mat, Exception);
  }
  const auto mat = make_noise(8, 8, CV_8UC3, 1);
  EXPECT_TRUE(same_pixels(stream.pass(mat).mat(), mat)) << "the stream goes on";
}

TEST_P(ApiTest, RefusesAPictureBeyondTheLimit) {
  auto stream = open({.codec = Codec::raw, .max_frame_bytes = 3000});
  const auto published = stream.out.publish(make_noise(32, 32, CV_8UC3, 1));
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(stream.pass(make_noise(25, 40, CV_8UC3, 2)).width(), 25);
}

TEST_P(ApiTest, ASubscriberRefusesAPictureBeyondItsOwnLimit) {
  auto stream = open({.codec = Codec::raw}, {.max_frame_bytes = 3000});
  stream.out.publish(make_noise(32, 32, CV_8UC3, 1)).value();
  EXPECT_TRUE(eventually([&] {
    EXPECT_FALSE(stream.in.read(0ms));
    return stream.in.stats().refused > 0;
  }));
  EXPECT_EQ(stream.pass(make_noise(25, 40, CV_8UC3, 2)).width(), 25);
}

TEST_P(ApiTest, MetadataRidesWithItsPicture) {
  auto stream = open();
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{65536}}) {
    std::vector<uint8_t> metadata(size);
    std::iota(metadata.begin(), metadata.end(), static_cast<uint8_t>(size));
    const auto frame = stream.pass(make_noise(16, 16, CV_8UC1, size), metadata);
    EXPECT_THAT(frame.metadata(), testing::ElementsAreArray(metadata));
  }
}

TEST_P(ApiTest, RefusesMetadataOver64Kilobytes) {
  auto stream = open();
  const std::vector<uint8_t> metadata(65537);
  const auto published = stream.out.publish(make_noise(16, 16, CV_8UC1, 1), {.metadata = metadata});
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().kind, ErrorKind::invalid_argument);
  EXPECT_THAT(published.error().message, HasSubstr("65536"));
}

TEST_P(ApiTest, TellsWhenAPictureWasCaptured) {
  auto stream = open();
  ASSERT_TRUE(eventually([&] { return stream.in.stats().clock.known; }));
  const auto captured_at = std::chrono::steady_clock::now() - 50ms;
  stream.out.publish(make_noise(16, 16, CV_8UC1, 1), {.captured_at = captured_at}).value();
  const auto frame = stream.in.read(kDeadline).value();
  EXPECT_LE(std::chrono::abs(frame.captured_at() - captured_at), 1us) << "it travels in microseconds";
  EXPECT_GE(frame.age(), 50ms - 1us);
  EXPECT_GT(frame.decoded_at(), frame.captured_at());
  EXPECT_LE(frame.decoded_at(), std::chrono::steady_clock::now());
  EXPECT_EQ(stream.in.stats().clock.bound_ms, 0) << "one machine, one clock";
}

TEST_P(ApiTest, StampsAPictureWithNowWhereNothingIsSaid) {
  auto stream = open();
  ASSERT_TRUE(eventually([&] { return stream.in.stats().clock.known; }));
  const auto before = std::chrono::steady_clock::now();
  const auto frame = stream.pass(make_noise(16, 16, CV_8UC1, 1));
  EXPECT_GE(frame.captured_at(), before - 1us);
  EXPECT_LE(frame.captured_at(), frame.decoded_at());
}

TEST_P(ApiTest, NumbersCountUpByOne) {
  auto stream = open({.codec = Codec::raw}, {.mode = Mode::every});
  const uint32_t first = stream.pass(make_noise(16, 16, CV_8UC1, 0)).number();
  for (uint32_t i = 1; i <= 20; ++i) {
    EXPECT_EQ(stream.pass(make_noise(16, 16, CV_8UC1, i)).number(), first + i);
  }
}

TEST_P(ApiTest, AMatOutlivesItsFrameAndBothEnds) {
  const auto sent = make_noise(200, 100, CV_8UC3, 1);
  cv::Mat kept;
  {
    auto stream = open();
    kept = stream.pass(sent).mat();
    for (uint64_t i = 2; i < 12; ++i) stream.pass(make_noise(200, 100, CV_8UC3, i));
  }
  EXPECT_TRUE(same_pixels(kept, sent));
}

TEST_P(ApiTest, WritableCopiesOnlyWhereThePictureIsShared) {
  auto stream = open();
  const auto sent = make_noise(64, 48, CV_8UC3, 1);
  auto frame = stream.pass(sent);
  // The network thread lets go of the bytes a moment after it has handed them on. Shared memory is never this
  // program's to write.
  EXPECT_TRUE(eventually([&] {
    return (frame.writable().data == frame.mat().data) == (GetParam() != "unix");
  })) << "nobody else looks at it";

  const Frame copy = frame;
  cv::Mat own = frame.writable();
  EXPECT_NE(own.data, copy.mat().data);
  own.setTo(0);
  EXPECT_TRUE(same_pixels(copy.mat(), sent));
}

TEST_P(ApiTest, WritableCopiesWhereAMatIsKept) {
  auto stream = open();
  const auto sent = make_noise(64, 48, CV_8UC3, 1);
  auto frame = stream.pass(sent);
  const cv::Mat kept = frame.mat();
  cv::Mat own = frame.writable();
  EXPECT_NE(own.data, kept.data);
  own.setTo(0);
  EXPECT_TRUE(same_pixels(kept, sent));
}

TEST_P(ApiTest, DoesNotSeeWhatIsWrittenAfterPublish) {
  auto stream = open();
  for (uint64_t i = 0; i < 20; ++i) {
    auto mat = make_noise(320, 240, CV_8UC3, i);
    const auto expected = mat.clone();
    stream.out.publish(mat).value();
    mat.setTo(0);
    EXPECT_TRUE(same_pixels(stream.in.read(kDeadline).value().mat(), expected)) << "picture " << i;
  }
}

TEST_P(ApiTest, AMatThatIsMovedInButSharedIsCopied) {
  auto stream = open();
  auto mat = make_noise(320, 240, CV_8UC3, 1);
  cv::Mat other = mat;
  const auto expected = mat.clone();
  stream.out.publish(std::move(mat)).value();
  other.setTo(0);
  EXPECT_TRUE(same_pixels(stream.in.read(kDeadline).value().mat(), expected));
}

}  // namespace
}  // namespace glimt

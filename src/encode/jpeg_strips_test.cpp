// One behind the other the strips are what libjpeg-turbo writes serially with the same restart interval, byte for byte.
#include "media/jpeg_strips.hpp"

#include <gtest/gtest.h>

#include "encode/jpeg_strip.hpp"
#include "support/pictures.hpp"
#include "support/serial_jpeg.hpp"

namespace glimt::encode {
namespace {

using namespace test;

struct Case {
  PixelFormat format;
  Chroma chroma;
};
const Case kCases[] = {{PixelFormat::bgr24, Chroma::c420},  {PixelFormat::bgr24, Chroma::c422},
                       {PixelFormat::bgr24, Chroma::c444},  {PixelFormat::gray8, Chroma::c420},
                       {PixelFormat::bgra32, Chroma::c420}, {PixelFormat::i420, Chroma::c420}};

class JpegStripsTest : public ::testing::TestWithParam<Case> {
 protected:
  static std::string spliced(const CollectingSink& sink) {
    for (size_t i = 0; i < sink.strips.size(); ++i) EXPECT_EQ(sink.strips[i].index, static_cast<int>(i));
    EXPECT_EQ(sink.unit->info.strips, static_cast<int>(sink.strips.size()));
    return sink.bytes();
  }
  static std::string encode(const Picture& picture, const EncoderOptions& options) {
    CollectingSink sink;
    EXPECT_TRUE(make_jpeg_encoder(options)->encode(picture.frame(), sink));
    EXPECT_TRUE(sink.ended);
    return spliced(sink);
  }
  static void expect_serial(const Picture& picture, EncoderOptions options) {
    const auto frame = picture.frame();
    const int wanted = options.strips > 0 ? options.strips : media::strips_worth(frame.width, frame.height);
    const auto interval = plan_jpeg(frame, options.quality, options.chroma, wanted).restart_interval;
    const std::string serial = serial_jpeg(frame, options.quality, options.chroma, interval);
    EXPECT_EQ(encode(picture, options), serial) << frame.width << "x" << frame.height << ", "
                                                << options.workers << " workers, " << wanted << " strips";
  }
};

TEST_P(JpegStripsTest, AreTheSerialPictureAtEverySmallSize) {
  const auto [format, chroma] = GetParam();
  for (int width = 1; width <= 40; width += 3) {
    for (int height = 1; height <= 70; ++height)
      expect_serial(Picture({format, width, height}, 3).roughen(7),
                    {.chroma = chroma, .workers = 2, .strips = 8});
  }
}

TEST_P(JpegStripsTest, AreTheSerialPictureAtSizesInUse) {
  const auto [format, chroma] = GetParam();
  for (const auto& [width, height] : {std::pair{320, 240}, std::pair{639, 481}, std::pair{1280, 720},
                                      std::pair{1921, 1081}, std::pair{4096, 2304}, std::pair{17, 4001}}) {
    const Picture picture = Picture({format, width, height}).roughen(8);
    for (const int workers : {1, 3})
      expect_serial(picture, {.quality = 90, .chroma = chroma, .workers = workers});
  }
}

TEST_P(JpegStripsTest, AreTheSerialPictureHoweverManyThereAre) {
  const auto [format, chroma] = GetParam();
  const Picture picture = Picture({format, 333, 517}).roughen(9);
  for (const int strips : {1, 2, 3, 5, 9, 16, 33, 255})
    expect_serial(picture, {.quality = 75, .chroma = chroma, .workers = 2, .strips = strips});
}

TEST_P(JpegStripsTest, AreTheSameFromOnePictureToTheNextWhateverItsSize) {
  const auto [format, chroma] = GetParam();
  const EncoderOptions options{.chroma = chroma, .workers = 2, .strips = 6};
  const auto encoder = make_jpeg_encoder(options);
  for (const auto& [width, height] :
       {std::pair{100, 100}, std::pair{640, 360}, std::pair{33, 17}, std::pair{640, 362}}) {
    const Picture picture({format, width, height});
    CollectingSink sink;
    ASSERT_TRUE(encoder->encode(picture.frame(), sink));
    EXPECT_EQ(spliced(sink), encode(picture, options));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, JpegStripsTest, ::testing::ValuesIn(kCases), [](const auto& of) {
  return std::string(to_string(of.param.format)) + "_" + std::string(to_string(of.param.chroma));
});

TEST(JpegPlanTest, StripsAreWholeRowsOfMcusAndTheLastIsNoLonger) {
  for (int height = 1; height < 600; ++height) {
    const Picture picture({PixelFormat::bgr24, 20, height});
    const auto plan = plan_jpeg(picture.frame(), 80, Chroma::c420, 8);
    EXPECT_LE(plan.strips, 8);
    if (plan.strips == 1) continue;
    EXPECT_EQ(plan.rows % 16, 0);
    EXPECT_EQ(plan.restart_interval, static_cast<unsigned>(plan.rows / 16 * 2));
    EXPECT_LT((plan.strips - 1) * plan.rows, height);
    EXPECT_GE(plan.strips * plan.rows, height);
  }
}

TEST(JpegPlanTest, IntervalThatNoMarkerCanSayMakesMoreStrips) {
  media::Frame frame;
  frame.format = PixelFormat::gray8;
  frame.width = 65500;
  frame.height = 1000;
  const auto plan = plan_jpeg(frame, 80, Chroma::c420, 2);
  EXPECT_LE(plan.restart_interval, 65535u);
  EXPECT_EQ(plan.strips, 16) << "eight rows of 8188 blocks each";
}

TEST(JpegPlanTest, PictureOfMoreStripsThanCanBeCountedIsOne) {
  media::Frame frame;
  frame.format = PixelFormat::gray8;
  frame.width = frame.height = 65500;
  EXPECT_EQ(plan_jpeg(frame, 80, Chroma::c420, 8).strips, 1);
}

}  // namespace
}  // namespace glimt::encode

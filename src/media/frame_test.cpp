#include "media/frame.hpp"

#include <gtest/gtest.h>

#include "media/time_code.hpp"
#include "support/pictures.hpp"

namespace glimt::media {
namespace {

using namespace test;

class FrameTest : public ::testing::TestWithParam<Shape> {
 protected:
  static std::string packed(const Frame& frame) {
    std::string bytes(packed_size(frame.format, frame.width, frame.height), '\0');
    copy_packed(frame, reinterpret_cast<uint8_t*>(bytes.data()));
    return bytes;
  }
  BufferPool pool_;
};

TEST_P(FrameTest, PackedSizeIsWhatThePlanesHold) {
  const auto& [format, width, height] = GetParam();
  EXPECT_EQ(packed_size(format, width, height), Picture(GetParam()).packed().size());
}

TEST_P(FrameTest, MadeFrameIsPackedAndHasRoomForItsPixels) {
  const auto& [format, width, height] = GetParam();
  const Frame frame = make_frame(pool_, format, width, height);
  EXPECT_TRUE(frame.is_packed());
  EXPECT_FALSE(frame.empty());
  EXPECT_GE(dynamic_cast<Buffer&>(*frame.owner).capacity(), packed_size(format, width, height));
}

TEST_P(FrameTest, CloneHasItsOwnPixelsAndEverythingElse) {
  const Picture picture(GetParam(), 5);
  Frame frame = picture.frame();
  frame.number = Sequence(9);
  frame.metadata = {1, 2};
  frame.stamps.captured_at = from_us(5);
  EXPECT_FALSE(frame.is_packed() && GetParam().height > 1);
  const Frame copy = clone(pool_, frame);
  EXPECT_EQ(packed(copy), picture.packed());
  EXPECT_NE(copy.planes[0].data, frame.planes[0].data);
  EXPECT_EQ(copy.number, frame.number);
  EXPECT_EQ(copy.metadata, frame.metadata);
  EXPECT_EQ(copy.stamps.captured_at, frame.stamps.captured_at);
}

INSTANTIATE_TEST_SUITE_P(Shapes, FrameTest, ::testing::ValuesIn(shapes()), shape_name);

TEST(CheckSizeTest, BoundsSidesAndBytes) {
  EXPECT_TRUE(check_size(PixelFormat::gray8, 1, 1, 1));
  EXPECT_TRUE(check_size(PixelFormat::gray8, kMaxSide, 1, 1 << 20));
  for (const auto& [width, height] : {std::pair{0, 1}, std::pair{1, 0}, std::pair{-1, 5},
                                      std::pair{kMaxSide + 1, 1}, std::pair{1, kMaxSide + 1}})
    EXPECT_EQ(check_size(PixelFormat::gray8, width, height, SIZE_MAX).error().kind,
              ErrorKind::invalid_argument);
  EXPECT_TRUE(check_size(PixelFormat::i420, 3, 3, 9 + 4 + 4));
  EXPECT_FALSE(check_size(PixelFormat::i420, 3, 3, 9 + 4 + 4 - 1));
  const size_t largest = size_t{kMaxSide} * kMaxSide * 4;  // more than 32 bits hold
  EXPECT_TRUE(check_size(PixelFormat::bgra32, kMaxSide, kMaxSide, largest));
  EXPECT_FALSE(check_size(PixelFormat::bgra32, kMaxSide, kMaxSide, largest - 1));
}

class TimeCodeTest : public ::testing::TestWithParam<PixelFormat> {
 protected:
  BufferPool pool_;
};

TEST_P(TimeCodeTest, IsReadAsItWasBurntIn) {
  for (const auto& [width, height] : {std::pair{224, 32}, std::pair{449, 271}, std::pair{1921, 1081}}) {
    const Picture picture({GetParam(), width, height}, 7);
    Frame frame = picture.frame();
    for (const TimeCode& code : {TimeCode{0, 0}, TimeCode{UINT32_MAX, -1}, TimeCode{77, 1'234'567'890}}) {
      ASSERT_TRUE(burn_time_code(frame, code));
      EXPECT_EQ(try_read_time_code(frame), code);
    }
  }
}

TEST_P(TimeCodeTest, PictureWithoutOneHasNone) {
  const Picture picture({GetParam(), 640, 480});
  EXPECT_FALSE(try_read_time_code(picture.frame()));
  Frame black = make_frame(pool_, GetParam(), 640, 480);
  std::fill_n(black.planes[0].data, packed_size(GetParam(), 640, 480), uint8_t{0});
  EXPECT_FALSE(try_read_time_code(black));
}

TEST_P(TimeCodeTest, TooSmallAPictureCarriesNone) {
  Frame narrow = make_frame(pool_, GetParam(), kTimeCodeMinWidth - 1, 64);
  Frame low = make_frame(pool_, GetParam(), 640, kTimeCodeMinHeight - 1);
  EXPECT_FALSE(burn_time_code(narrow, {}));
  EXPECT_FALSE(burn_time_code(low, {}));
  EXPECT_FALSE(try_read_time_code(narrow));
}

TEST_P(TimeCodeTest, DamagedCodeIsNone) {
  Frame frame = make_frame(pool_, GetParam(), 640, 480);
  ASSERT_TRUE(burn_time_code(frame, {123, 456}));
  const size_t block_row = frame.planes[0].stride;
  for (size_t y = 0; y < 16; ++y)
    for (size_t x = 0; x < block_row / 28; ++x) {
      auto& pixel = frame.planes[0].data[y * block_row + x];
      pixel = static_cast<uint8_t>(255 - pixel);
    }
  EXPECT_FALSE(try_read_time_code(frame));
}

INSTANTIATE_TEST_SUITE_P(Formats, TimeCodeTest,
                         ::testing::Values(PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32,
                                           PixelFormat::i420),
                         [](const auto& format) { return std::string(to_string(format.param)); });

}  // namespace
}  // namespace glimt::media

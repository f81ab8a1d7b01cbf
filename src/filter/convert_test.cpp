#include "filter/convert.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/pictures.hpp"

namespace glimt::filter {
namespace {

using namespace test;

class ConvertTest : public ::testing::TestWithParam<Shape> {
 protected:
  // A picture of one colour: then every format says the same of it, but for rounding.
  media::Frame plain(PixelFormat format, uint8_t shade) {
    auto frame = media::make_frame(pool_, format, GetParam().width, GetParam().height);
    std::fill_n(frame.planes[0].data, media::packed_size(format, frame.width, frame.height), shade);
    return frame;
  }
  media::BufferPool pool_;
  Converter converter_;
};

constexpr PixelFormat kAll[] = {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32,
                                PixelFormat::i420};

TEST_P(ConvertTest, KeepsSizeAndEverythingThatRidesWithTheFrame) {
  for (const auto to : kAll) {
    auto frame = media::clone(pool_, Picture(GetParam()).frame());
    frame.number = Sequence(5);
    frame.sender_captured_us = 77;
    frame.metadata = {1, 2, 3};
    frame.stamps.captured_at = from_us(9);
    const auto converted = converter_.convert(frame, to);
    EXPECT_EQ(converted.format, to);
    EXPECT_EQ(converted.width, GetParam().width);
    EXPECT_EQ(converted.height, GetParam().height);
    EXPECT_EQ(converted.number, Sequence(5));
    EXPECT_EQ(converted.sender_captured_us, 77);
    EXPECT_EQ(converted.metadata, frame.metadata);
    EXPECT_EQ(converted.stamps.captured_at, from_us(9));
  }
}

TEST_P(ConvertTest, FrameThatAlreadyFitsIsItself) {
  const Picture picture(GetParam(), 3);
  const auto frame = picture.frame();
  EXPECT_EQ(converter_.convert(frame, GetParam().format).planes[0].data, frame.planes[0].data);
}

TEST_P(ConvertTest, GreyStaysTheSameGreyThereAndBack) {
  const uint8_t shade = 128;
  for (const auto to : kAll) {
    const auto there = converter_.convert(plain(PixelFormat::gray8, shade), to);
    const auto back = converter_.convert(there, PixelFormat::bgr24);
    const size_t size = media::packed_size(PixelFormat::bgr24, back.width, back.height);
    for (size_t i = 0; i < size; ++i) ASSERT_NEAR(back.planes[0].data[i], shade, 2) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvertTest, ::testing::ValuesIn(shapes()), shape_name);

}  // namespace
}  // namespace glimt::filter

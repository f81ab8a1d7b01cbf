#include "media/draw_boxes.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "support/pictures.hpp"

namespace glimt::media {
namespace {

using test::Picture;
using test::Shape;

uint8_t at(const Frame& frame, int x, int y, int plane = 0, int byte = 0) {
  const int pixel = plane_shape(frame.format, 1, 1, plane).width_bytes;
  const auto& rows = frame.planes[static_cast<size_t>(plane)];
  return rows.data[static_cast<size_t>(y) * rows.stride + static_cast<size_t>(x * pixel + byte)];
}

bool is_green(const Frame& frame, int x, int y) {
  return at(frame, x, y, 0, 0) == 0 && at(frame, x, y, 0, 1) == 255 && at(frame, x, y, 0, 2) == 0;
}

TEST(DrawBoxesTest, FrameIsTwoPixelsWideAndWithinItsBox) {
  Picture picture({PixelFormat::bgr24, 64, 48});
  Frame frame = picture.frame();
  draw_boxes(frame, {{"face", 10, 20, 30, 16, 1}});
  for (int y = 0; y < frame.height; ++y) {
    for (int x = 0; x < frame.width; ++x) {
      const bool in_box = x >= 10 && x < 40 && y >= 20 && y < 36;
      const bool inside = x >= 12 && x < 38 && y >= 22 && y < 34;
      ASSERT_EQ(is_green(frame, x, y), in_box && !inside) << x << ", " << y;
    }
  }
}

TEST(DrawBoxesTest, GreyPicturesGetWhiteAndI420KeepsItsChromaGreen) {
  Picture grey({PixelFormat::gray8, 64, 48}), yuv({PixelFormat::i420, 64, 48});
  Frame frame = grey.frame();
  draw_boxes(frame, {{"face", 10, 20, 30, 16, 1}});
  EXPECT_EQ(at(frame, 10, 20), 255);
  frame = yuv.frame();
  draw_boxes(frame, {{"face", 10, 20, 30, 16, 1}});
  EXPECT_EQ(at(frame, 10, 20, 0), 145);
  EXPECT_EQ(at(frame, 5, 10, 1), 54);
  EXPECT_EQ(at(frame, 5, 10, 2), 34);
}

class DrawBoxesShapeTest : public ::testing::TestWithParam<Shape> {};

// Gaps between rows hold what no row has: a byte there that changed is one that was written outside of the picture.
TEST_P(DrawBoxesShapeTest, BoxesAreCutToThePicture) {
  Picture picture(GetParam(), 3);
  Frame frame = picture.frame();
  const int w = frame.width, h = frame.height;
  draw_boxes(frame, {{"", 0, 0, w, h, 1},
                     {"", w - 1, h - 1, 65535, 65535, 1},
                     {"", 65535, 65535, 1, 1, 1},
                     {"", 0, 0, 1, 1, 1}});
  for (int p = 0; p < plane_count(frame.format); ++p) {
    const auto shape = plane_shape(frame.format, w, h, p);
    const auto& rows = frame.planes[static_cast<size_t>(p)];
    for (int y = 0; y < shape.rows; ++y) {
      const uint8_t* gap = rows.data + static_cast<size_t>(y) * rows.stride + shape.width_bytes;
      for (int i = 0; i < 3; ++i) ASSERT_EQ(gap[i], 0xEE) << p << ", " << y;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, DrawBoxesShapeTest, ::testing::ValuesIn(test::shapes()), test::shape_name);

}  // namespace
}  // namespace glimt::media

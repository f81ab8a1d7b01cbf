// Pictures: made-up pictures of many shapes, smooth enough for JPEG, with or without gaps between rows; and a
// sink that collects what an encoder emits.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "media/access_unit.hpp"

namespace glimt::test {

struct Shape {
  PixelFormat format = PixelFormat::bgr24;
  int width = 0, height = 0;
};

inline std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const auto format : {PixelFormat::gray8, PixelFormat::bgr24, PixelFormat::bgra32, PixelFormat::i420}) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, std::pair{7, 5}, std::pair{17, 33}, std::pair{64, 48}, std::pair{4095, 2161}})
      all.push_back({format, width, height});
  }
  return all;
}

inline std::string shape_name(const ::testing::TestParamInfo<Shape>& shape) {
  return std::string(to_string(shape.param.format)) + "_" + std::to_string(shape.param.width) + "x" +
         std::to_string(shape.param.height);
}

class Picture {
 public:
  // `gap`: bytes between the end of a row and the next, filled with what no row has.
  explicit Picture(const Shape& shape, size_t gap = 0) : shape_(shape), gap_(gap) {
    for (int p = 0; p < media::plane_count(shape.format); ++p) paint(p);
  }
  // So that no two blocks are alike.
  Picture& roughen(uint32_t grain) {
    for (auto& plane : planes_) {
      for (auto& value : plane) {
        grain = grain * 1664525 + 1013904223;
        value = static_cast<uint8_t>(value + (grain >> 27));
      }
    }
    return *this;
  }
  // A view, good as long as this is.
  media::Frame frame() const {
    media::Frame frame;
    frame.format = shape_.format;
    frame.width = shape_.width;
    frame.height = shape_.height;
    frame.owner = Ref<Shared>(new Shared);
    for (size_t p = 0; p < planes_.size(); ++p) {
      const auto shape = shape_of(p);
      frame.planes[p] = {const_cast<uint8_t*>(planes_[p].data()),
                         static_cast<size_t>(shape.width_bytes) + gap_};
    }
    return frame;
  }
  std::string packed() const {
    std::string bytes;
    for (size_t p = 0; p < planes_.size(); ++p) {
      const auto shape = shape_of(p);
      const auto row_bytes = static_cast<size_t>(shape.width_bytes);
      for (size_t row = 0; row < static_cast<size_t>(shape.rows); ++row)
        bytes += as_text(Bytes(planes_[p]).subspan(row * (row_bytes + gap_), row_bytes));
    }
    return bytes;
  }

 private:
  media::PlaneShape shape_of(size_t plane) const {
    return media::plane_shape(shape_.format, shape_.width, shape_.height, static_cast<int>(plane));
  }
  void paint(int plane) {
    const auto shape = shape_of(static_cast<size_t>(plane));
    const size_t stride = static_cast<size_t>(shape.width_bytes) + gap_;
    auto& bytes = planes_.emplace_back(stride * static_cast<size_t>(shape.rows), uint8_t{0xEE});
    const int pixel = plane > 0 ? 1 : media::plane_shape(shape_.format, 1, 1, 0).width_bytes;
    for (int y = 0; y < shape.rows; ++y) {
      for (int x = 0; x < shape.width_bytes; ++x) {
        const int shade = 60 + (x / pixel + y) * 120 / (shape.width_bytes / pixel + shape.rows);
        bytes[static_cast<size_t>(y) * stride + static_cast<size_t>(x)] =
            static_cast<uint8_t>(shade + 12 * (x % pixel) + plane * 5);
      }
    }
  }

  Shape shape_;
  size_t gap_;
  std::vector<std::vector<uint8_t>> planes_;
};

// Fails the test where an encoder does not keep to begin, strip…, end.
struct CollectingSink final : media::StripSink {
  void begin(const Ref<media::AccessUnit>& begun) override {
    EXPECT_FALSE(unit);
    unit = begun;
  }
  void strip(const Ref<media::AccessUnit>& of, const media::Strip& strip) override {
    EXPECT_EQ(of, unit);
    strips.push_back(strip);
  }
  void end(const Ref<media::AccessUnit>& of) override {
    EXPECT_EQ(of, unit);
    ended = true;
  }
  void abandon(const Ref<media::AccessUnit>&) override { ADD_FAILURE() << "abandoned"; }

  // One strip behind the other.
  std::string bytes() const {
    std::string all;
    for (const auto& strip : strips) all += as_text(strip.bytes);
    return all;
  }

  Ref<media::AccessUnit> unit;
  std::vector<media::Strip> strips;
  bool ended = false;
};

}  // namespace glimt::test

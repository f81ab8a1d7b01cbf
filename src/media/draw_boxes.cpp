#include "media/draw_boxes.hpp"

#include <algorithm>
#include <cstring>

namespace glimt::media {
namespace {

constexpr int kLine = 2;  // pixels

// From `left` and `top` on, up to and without `right` and `bottom`.
struct Area {
  int left, top, right, bottom;
};

using Pixel = std::array<uint8_t, 4>;

// Green of each plane, as bytes of one of its pixels.
Pixel green(PixelFormat format, int plane) {
  switch (format) {
    case PixelFormat::bgr24:
    case PixelFormat::bgra32:
      return {0, 255, 0, 255};
    case PixelFormat::gray8:
      return {255};
    case PixelFormat::i420: {
      static constexpr std::array<uint8_t, 3> kYuv{
          145, 54, 34};  // as OpenCV converts it; JPEG's range makes hardly another green of it
      return {kYuv[static_cast<size_t>(plane)]};
    }
    default:
      return {};  // draw_boxes() leaves other samples alone
  }
}

void fill(Frame& frame, int plane, Area area) {
  const auto shape = plane_shape(frame.format, frame.width, frame.height, plane);
  const int pixel = plane_shape(frame.format, 1, 1, plane).width_bytes;
  area.left = std::max(area.left, 0);
  area.top = std::max(area.top, 0);
  area.right = std::min(area.right, shape.width_bytes / pixel);
  area.bottom = std::min(area.bottom, shape.rows);
  if (area.left >= area.right) return;
  const Pixel color = green(frame.format, plane);
  const auto& rows = frame.planes[static_cast<size_t>(plane)];
  for (int y = area.top; y < area.bottom; ++y) {
    uint8_t* at = rows.data + static_cast<size_t>(y) * rows.stride + static_cast<size_t>(area.left * pixel);
    for (int x = area.left; x < area.right; ++x, at += pixel)
      std::memcpy(at, color.data(), static_cast<size_t>(pixel));
  }
}

// Chroma planes have half the width and height.
void fill(Frame& frame, const Area& a) {
  fill(frame, 0, a);
  if (frame.format != PixelFormat::i420) return;
  const Area half{a.left / 2, a.top / 2, (a.right + 1) / 2, (a.bottom + 1) / 2};
  fill(frame, 1, half);
  fill(frame, 2, half);
}

void draw(Frame& frame, const Box& box) {
  const Area a{box.x, box.y, box.x + box.width, box.y + box.height};
  fill(frame, {a.left, a.top, a.right, std::min(a.top + kLine, a.bottom)});
  fill(frame, {a.left, std::max(a.bottom - kLine, a.top), a.right, a.bottom});
  fill(frame, {a.left, a.top, std::min(a.left + kLine, a.right), a.bottom});
  fill(frame, {std::max(a.right - kLine, a.left), a.top, a.right, a.bottom});
}

}  // namespace

void draw_boxes(Frame& frame, const std::vector<Box>& boxes) {
  if (bytes_per_sample(frame.format) > 1) return;
  for (const auto& box : boxes) draw(frame, box);
}

}  // namespace glimt::media

#include "media/frame.hpp"

#include <cstring>

namespace glimt::media {
int channels(PixelFormat format) {
  switch (format) {
    case PixelFormat::bgr24:
    case PixelFormat::bgr48:
    case PixelFormat::bgrf32:
      return 3;
    case PixelFormat::bgra32:
    case PixelFormat::bgra64:
    case PixelFormat::bgraf32:
      return 4;
    case PixelFormat::gray8:
    case PixelFormat::gray16:
    case PixelFormat::grayf32:
    case PixelFormat::i420:
      return 1;
  }
  return 1;
}

int bytes_per_sample(PixelFormat format) {
  if (format >= PixelFormat::grayf32) return 4;
  return format >= PixelFormat::gray16 ? 2 : 1;
}

namespace {
int bytes_per_pixel(PixelFormat format) { return channels(format) * bytes_per_sample(format); }
}  // namespace

int plane_count(PixelFormat format) { return format == PixelFormat::i420 ? 3 : 1; }

PlaneShape plane_shape(PixelFormat format, int width, int height, int plane) {
  if (plane > 0) return {(width + 1) / 2, (height + 1) / 2};
  return {width * bytes_per_pixel(format), height};
}

size_t packed_size(PixelFormat format, int width, int height) {
  size_t size = 0;
  for (int p = 0; p < plane_count(format); ++p) {
    const auto shape = plane_shape(format, width, height, p);
    size += static_cast<size_t>(shape.width_bytes) * static_cast<size_t>(shape.rows);
  }
  return size;
}

bool Frame::is_packed() const {
  const uint8_t* expected = planes[0].data;
  for (int p = 0; p < plane_count(format); ++p) {
    const auto shape = plane_shape(format, width, height, p);
    const auto& plane = planes[static_cast<size_t>(p)];
    if (plane.data != expected || plane.stride != static_cast<size_t>(shape.width_bytes)) return false;
    expected += plane.stride * static_cast<size_t>(shape.rows);
  }
  return true;
}

Result<void> check_size(PixelFormat format, int width, int height, size_t max_bytes) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    return Error{ErrorKind::invalid_argument, "a picture of " + std::to_string(width) + "x" +
                                                  std::to_string(height) + ": each side must be from 1 to " +
                                                  std::to_string(kMaxSide)};
  }
  const size_t size = packed_size(format, width, height);
  if (size > max_bytes) {
    return Error{ErrorKind::invalid_argument, "a picture of " + std::to_string(width) + "x" +
                                                  std::to_string(height) + " takes " + std::to_string(size) +
                                                  " bytes, over the limit of " + std::to_string(max_bytes) +
                                                  "; send it smaller, or raise max_frame_bytes at both ends"};
  }
  return {};
}

Frame frame_over(Ref<Shared> owner, uint8_t* bytes, PixelFormat format, int width, int height) {
  Frame frame;
  frame.format = format;
  frame.width = width;
  frame.height = height;
  frame.owner = std::move(owner);
  for (int p = 0; p < plane_count(format); ++p) {
    const auto shape = plane_shape(format, width, height, p);
    frame.planes[static_cast<size_t>(p)] = {bytes, static_cast<size_t>(shape.width_bytes)};
    bytes += static_cast<size_t>(shape.width_bytes) * static_cast<size_t>(shape.rows);
  }
  return frame;
}

Frame make_frame(BufferPool& pool, PixelFormat format, int width, int height) {
  auto buffer = pool.take();
  buffer->reserve(packed_size(format, width, height));
  uint8_t* bytes = buffer->data();
  return frame_over(std::move(buffer), bytes, format, width, height);
}

void copy_packed(const Frame& from, uint8_t* to) {
  if (from.is_packed()) {
    std::memcpy(to, from.planes[0].data, packed_size(from.format, from.width, from.height));
    return;
  }
  for (int p = 0; p < plane_count(from.format); ++p) {
    const auto shape = plane_shape(from.format, from.width, from.height, p);
    const auto& plane = from.planes[static_cast<size_t>(p)];
    const auto row_bytes = static_cast<size_t>(shape.width_bytes);
    for (int row = 0; row < shape.rows; ++row, to += row_bytes) {
      std::memcpy(to, plane.data + static_cast<size_t>(row) * plane.stride, row_bytes);
    }
  }
}

void copy_properties(const Frame& from, Frame& to) {
  to.stamps = from.stamps;
  to.number = from.number;
  to.sender_captured_us = from.sender_captured_us;
  to.strips = from.strips;
  to.missing = from.missing;
  to.again = from.again;
  to.metadata = from.metadata;
}

Frame clone(BufferPool& pool, const Frame& from) {
  Frame copy = make_frame(pool, from.format, from.width, from.height);
  copy_packed(from, copy.planes[0].data);
  copy_properties(from, copy);
  return copy;
}

}  // namespace glimt::media

#include "filter/convert.hpp"

#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace glimt::filter {
namespace {

int even(int side) { return (side + 1) / 2 * 2; }

cv::Mat mat_over(const media::Frame& frame) {
  const int type = frame.format == PixelFormat::bgr24    ? CV_8UC3
                   : frame.format == PixelFormat::bgra32 ? CV_8UC4
                                                         : CV_8UC1;
  return {frame.height, frame.width, type, frame.planes[0].data, frame.planes[0].stride};
}

void copy_plane(const uint8_t* from, size_t from_stride, uint8_t* to, size_t to_stride,
                media::PlaneShape shape) {
  for (int row = 0; row < shape.rows; ++row, from += from_stride, to += to_stride) {
    std::memcpy(to, from, static_cast<size_t>(shape.width_bytes));
  }
}

// OpenCV's I420: one Mat of even sides, the planes below each other. Chroma planes are then as wide
// and high as ours.
cv::Mat packed_i420(const media::Frame& frame) {
  const int width = even(frame.width), height = even(frame.height);
  cv::Mat packed(height * 3 / 2, width, CV_8UC1, cv::Scalar(128));
  uint8_t* to = packed.data;
  for (int p = 0; p < 3; ++p) {
    const auto stride = static_cast<size_t>(p == 0 ? width : width / 2);
    const auto& plane = frame.planes[static_cast<size_t>(p)];
    copy_plane(plane.data, plane.stride, to, stride,
               media::plane_shape(frame.format, frame.width, frame.height, p));
    to += stride * static_cast<size_t>(p == 0 ? height : height / 2);
  }
  return packed;
}

void from_i420(const media::Frame& from, media::Frame& to) {
  if (to.format == PixelFormat::gray8) {
    copy_plane(from.planes[0].data, from.planes[0].stride, to.planes[0].data, to.planes[0].stride,
               media::plane_shape(PixelFormat::gray8, from.width, from.height, 0));
    return;
  }
  cv::Mat color;
  cv::cvtColor(packed_i420(from), color,
               to.format == PixelFormat::bgr24 ? cv::COLOR_YUV2BGR_I420 : cv::COLOR_YUV2BGRA_I420);
  color(cv::Rect(0, 0, from.width, from.height)).copyTo(mat_over(to));
}

void to_i420(const cv::Mat& from, media::Frame& to) {
  cv::Mat color = from;
  if (from.channels() == 1) cv::cvtColor(from, color, cv::COLOR_GRAY2BGR);
  const int width = even(to.width), height = even(to.height);
  if (width != to.width || height != to.height) {
    cv::copyMakeBorder(color, color, 0, height - to.height, 0, width - to.width, cv::BORDER_REPLICATE);
  }
  cv::Mat packed;
  cv::cvtColor(color, packed, color.channels() == 3 ? cv::COLOR_BGR2YUV_I420 : cv::COLOR_BGRA2YUV_I420);
  const uint8_t* at = packed.data;
  for (int p = 0; p < 3; ++p) {
    const auto stride = static_cast<size_t>(p == 0 ? width : width / 2);
    auto& plane = to.planes[static_cast<size_t>(p)];
    copy_plane(at, stride, plane.data, plane.stride, media::plane_shape(to.format, to.width, to.height, p));
    at += stride * static_cast<size_t>(p == 0 ? height : height / 2);
  }
}

int color_code(PixelFormat from, PixelFormat to) {
  switch (from) {
    case PixelFormat::gray8:
      return to == PixelFormat::bgr24 ? cv::COLOR_GRAY2BGR : cv::COLOR_GRAY2BGRA;
    case PixelFormat::bgr24:
      return to == PixelFormat::gray8 ? cv::COLOR_BGR2GRAY : cv::COLOR_BGR2BGRA;
    default:
      return to == PixelFormat::gray8 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGRA2BGR;
  }
}

}  // namespace

media::Frame Converter::convert(media::Frame frame, PixelFormat to) {
  if (frame.format == to) return frame;
  auto converted = media::make_frame(buffers_, to, frame.width, frame.height);
  if (frame.format == PixelFormat::i420) {
    from_i420(frame, converted);
  } else if (to == PixelFormat::i420) {
    to_i420(mat_over(frame), converted);
  } else {
    cv::Mat target = mat_over(converted);
    cv::cvtColor(mat_over(frame), target, color_code(frame.format, to));
  }
  converted.stamps = frame.stamps;
  converted.number = frame.number;
  converted.sender_captured_us = frame.sender_captured_us;
  converted.metadata = std::move(frame.metadata);
  return converted;
}

}  // namespace glimt::filter

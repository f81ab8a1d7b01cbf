#include "filter/convert.hpp"

#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "filter/plane_mat.hpp"

namespace glimt::filter {
namespace {

int even(int side) { return (side + 1) / 2 * 2; }

// The sample of white.
double white(int depth) { return depth == CV_32F ? 1 : depth == CV_16U ? 65535 : 255; }

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
  color(cv::Rect(0, 0, from.width, from.height)).copyTo(plane_mat(to));
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

constexpr int kNone = -1;
// By channels: from and to.
int color_code(int from, int to) {
  if (from == to) return kNone;
  if (from == 1) return to == 3 ? cv::COLOR_GRAY2BGR : cv::COLOR_GRAY2BGRA;
  if (from == 3) return to == 1 ? cv::COLOR_BGR2GRAY : cv::COLOR_BGR2BGRA;
  return to == 1 ? cv::COLOR_BGRA2GRAY : cv::COLOR_BGRA2BGR;
}

void convert_pixels(const cv::Mat& from, cv::Mat to) {
  cv::Mat scaled = from;
  if (from.depth() != to.depth()) from.convertTo(scaled, to.depth(), white(to.depth()) / white(from.depth()));
  if (const int code = color_code(from.channels(), to.channels()); code != kNone) {
    cv::cvtColor(scaled, to, code);
  } else {
    scaled.copyTo(to);
  }
}

}  // namespace

media::Frame Converter::convert(media::Frame frame, PixelFormat to) {
  if (frame.format == to) return frame;
  const bool over_bgr = (frame.format == PixelFormat::i420 && media::bytes_per_sample(to) > 1) ||
                        (to == PixelFormat::i420 && media::bytes_per_sample(frame.format) > 1);
  if (over_bgr) return convert(convert(std::move(frame), PixelFormat::bgr24), to);
  auto converted = media::make_frame(buffers_, to, frame.width, frame.height);
  if (frame.format == PixelFormat::i420) {
    from_i420(frame, converted);
  } else if (to == PixelFormat::i420) {
    to_i420(plane_mat(frame), converted);
  } else {
    convert_pixels(plane_mat(frame), plane_mat(converted));
  }
  copy_properties(frame, converted);
  return converted;
}

}  // namespace glimt::filter

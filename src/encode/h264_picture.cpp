#include "encode/h264_picture.hpp"

#include <algorithm>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace glimt::encode {
namespace {

int even(int side) { return (side + 1) / 2 * 2; }

media::Frame padded(const media::Frame& frame, media::BufferPool& pool) {
  auto wide = media::make_frame(pool, frame.format, even(frame.width), even(frame.height));
  for (int p = 0; p < media::plane_count(frame.format); ++p) {
    const auto from = media::plane_shape(frame.format, frame.width, frame.height, p);
    const auto to = media::plane_shape(frame.format, wide.width, wide.height, p);
    const auto& source = frame.planes[static_cast<size_t>(p)];
    const auto& target = wide.planes[static_cast<size_t>(p)];
    const auto bytes = static_cast<size_t>(from.width_bytes),
               more = static_cast<size_t>(to.width_bytes) - bytes;
    for (int row = 0; row < to.rows; ++row) {
      uint8_t* at = target.data + static_cast<size_t>(row) * target.stride;
      std::memcpy(at, source.data + static_cast<size_t>(std::min(row, from.rows - 1)) * source.stride, bytes);
      std::memcpy(at + bytes, at + bytes - more, more);
    }
  }
  return wide;
}

media::Frame to_i420(const media::Frame& frame, media::BufferPool& pool) {
  auto made = media::make_frame(pool, PixelFormat::i420, frame.width, frame.height);
  const auto& rows = frame.planes[0];
  if (frame.format == PixelFormat::gray8) {
    cv::Mat luma(frame.height, frame.width, CV_8UC1, made.planes[0].data);
    cv::Mat(frame.height, frame.width, CV_8UC1, rows.data, rows.stride)
        .convertTo(luma, CV_8U, 219 / 255.0, 16);
    std::memset(made.planes[1].data, 128, luma.total() / 2);
    return made;
  }
  const bool bgr = frame.format == PixelFormat::bgr24;
  cv::Mat planes(frame.height * 3 / 2, frame.width, CV_8UC1, made.planes[0].data);
  cv::cvtColor(cv::Mat(frame.height, frame.width, bgr ? CV_8UC3 : CV_8UC4, rows.data, rows.stride), planes,
               bgr ? cv::COLOR_BGR2YUV_I420 : cv::COLOR_BGRA2YUV_I420);
  return made;
}

}  // namespace

media::Frame encodable(const media::Frame& frame, media::BufferPool& pool) {
  const bool odd = frame.width % 2 != 0 || frame.height % 2 != 0;
  const media::Frame wide = odd ? padded(frame, pool) : frame;
  return wide.format == PixelFormat::i420 ? wide : to_i420(wide, pool);
}

}  // namespace glimt::encode

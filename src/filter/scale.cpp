#include "filter/scale.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace glimt::filter {
namespace {

cv::Mat mat_over(const media::Frame& frame, int plane) {
  const int bytes = media::bytes_per_sample(frame.format), channels = media::channels(frame.format);
  const int depth = bytes == 4 ? CV_32F : bytes == 2 ? CV_16U : CV_8U;
  const auto shape = media::plane_shape(frame.format, frame.width, frame.height, plane);
  const auto& p = frame.planes[static_cast<size_t>(plane)];
  return {shape.rows, shape.width_bytes / channels / bytes, CV_MAKETYPE(depth, channels), p.data, p.stride};
}

}  // namespace

media::Frame Scaler::scale(media::Frame frame, int width, int height) {
  if (frame.width == width && frame.height == height) return frame;
  auto scaled = media::make_frame(buffers_, frame.format, width, height);
  for (int plane = 0; plane < media::plane_count(frame.format); ++plane) {
    cv::Mat to = mat_over(scaled, plane);
    cv::resize(mat_over(frame, plane), to, to.size(), 0, 0, cv::INTER_AREA);
  }
  scaled.stamps = frame.stamps;
  scaled.number = frame.number;
  scaled.sender_captured_us = frame.sender_captured_us;
  scaled.metadata = std::move(frame.metadata);
  return scaled;
}

}  // namespace glimt::filter

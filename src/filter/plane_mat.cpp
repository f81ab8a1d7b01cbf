#include "filter/plane_mat.hpp"

namespace glimt::filter {

cv::Mat plane_mat(const media::Frame& frame, int plane) {
  const int bytes = media::bytes_per_sample(frame.format), channels = media::channels(frame.format);
  const int depth = bytes == 4 ? CV_32F : bytes == 2 ? CV_16U : CV_8U;
  const auto shape = media::plane_shape(frame.format, frame.width, frame.height, plane);
  const auto& p = frame.planes[static_cast<size_t>(plane)];
  return {shape.rows, shape.width_bytes / channels / bytes, CV_MAKETYPE(depth, channels), p.data, p.stride};
}

}  // namespace glimt::filter

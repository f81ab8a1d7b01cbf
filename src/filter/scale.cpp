#include "filter/scale.hpp"

#include <opencv2/imgproc.hpp>

#include "filter/plane_mat.hpp"

namespace glimt::filter {

media::Frame Scaler::scale(media::Frame frame, int width, int height) {
  if (frame.width == width && frame.height == height) return frame;
  auto scaled = media::make_frame(buffers_, frame.format, width, height);
  for (int plane = 0; plane < media::plane_count(frame.format); ++plane) {
    cv::Mat to = plane_mat(scaled, plane);
    cv::resize(plane_mat(frame, plane), to, to.size(), 0, 0, cv::INTER_AREA);
  }
  copy_properties(frame, scaled);
  return scaled;
}

}  // namespace glimt::filter

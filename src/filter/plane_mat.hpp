// A plane of a frame as OpenCV sees it.
//
//   output   a Mat over the plane's samples, as many channels as lie side by side; it holds nothing: the frame must outlive it
//   threads  thread-safe
#pragma once

#include <opencv2/core/mat.hpp>

#include "media/frame.hpp"

namespace glimt::filter {

cv::Mat plane_mat(const media::Frame& frame, int plane = 0);

}  // namespace glimt::filter

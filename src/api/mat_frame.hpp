// Between cv::Mat and media::Frame, without copying where the pixels have an owner.
//
//   threads  thread-safe
#pragma once

#include <opencv2/core/mat.hpp>

#include "media/frame.hpp"

namespace glimt {

// A Mat over the frame's pixels that holds their owner for as long as it or any copy of it lives.
cv::Mat mat_over(const media::Frame& frame);

// Of Mats of that type; invalid_argument where they cannot be sent.
Result<PixelFormat> format_of(int type);

// A frame over the Mat's pixels that holds the Mat. invalid_argument where it is empty or of a kind
// that cannot be sent.
Result<media::Frame> frame_over(cv::Mat mat);

}  // namespace glimt

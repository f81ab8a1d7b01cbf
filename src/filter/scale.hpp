// Scale: a frame made smaller, each pixel the mean of those it stands for.
//
//   input    a frame of any format; the wanted size, no larger
//   output   a frame with its own pixels and everything else of the input; the input itself where it already
//            fits
//   errors   none
//   threads  thread-compatible
//   memory   one frame of the pool
#pragma once

#include "media/frame.hpp"

namespace glimt::filter {

class Scaler {
 public:
  media::Frame scale(media::Frame frame, int width, int height);

 private:
  media::BufferPool buffers_;
};

}  // namespace glimt::filter

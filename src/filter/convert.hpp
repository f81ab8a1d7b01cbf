// Convert: a frame in another pixel format.
//
//   input    a frame of any format and size
//            where samples differ, white stays white: 255, 65535 or 1.0
//   output   a frame with its own pixels and everything else of the input; the input itself where it already
//            fits
//   errors   none
//   threads  thread-compatible
//   memory   one frame of the pool, and a scratch picture where i420 has an odd side
#pragma once

#include "media/frame.hpp"

namespace glimt::filter {

class Converter {
 public:
  media::Frame convert(media::Frame frame, PixelFormat to);

 private:
  media::BufferPool buffers_;
};

}  // namespace glimt::filter

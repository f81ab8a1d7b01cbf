// A picture as encoders of H.264 take it: i420 with even sides, BT.601 in limited range.
//
//   input    a picture of any format and size
//   output   the same one where it is so already; of an odd side the last column or row stands twice
//   errors   none
//   threads  thread-compatible
//   memory   at most two pictures of the pool
#pragma once

#include "media/frame.hpp"

namespace glimt::encode {

media::Frame encodable(const media::Frame& frame, media::BufferPool& pool);

}  // namespace glimt::encode

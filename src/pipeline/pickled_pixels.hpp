// Pickled pixels: those of a pickled array, row by row, where they lie or, where they cannot stay there, in a buffer of the pool.
//
//   input    a pickle that is an array, and the message that it was read from
//   output   packed pixels and who owns them
//   errors   none
//   threads  thread-compatible
//   memory   a picture of the pool where the pickle kept it column by column or as text
#pragma once

#include "media/frame.hpp"
#include "wire/pickle.hpp"

namespace glimt::pipeline {

struct PickledPixels {
  PixelFormat format = PixelFormat::bgr24;
  Ref<media::Buffer> owner;
  Bytes bytes;
};
PickledPixels pixels_of(const wire::Pickle& array, Bytes message, const Ref<media::Buffer>& owner,
                        media::BufferPool& buffers);

}  // namespace glimt::pipeline

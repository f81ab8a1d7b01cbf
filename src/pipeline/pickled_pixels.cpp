#include "pipeline/pickled_pixels.hpp"

#include <cstring>

namespace glimt::pipeline {
namespace {

PixelFormat format_of(int channels) {
  return channels == 1 ? PixelFormat::gray8 : channels == 3 ? PixelFormat::bgr24 : PixelFormat::bgra32;
}

// The first index varies fastest there, here the last.
void copy_from_fortran(const wire::Pickle& pickle, uint8_t* to) {
  const auto height = static_cast<size_t>(pickle.height), width = static_cast<size_t>(pickle.width);
  const auto channels = static_cast<size_t>(pickle.channels);
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      for (size_t c = 0; c < channels; ++c) *to++ = pickle.bytes[y + height * (x + width * c)];
    }
  }
}

}  // namespace

PickledPixels pixels_of(const wire::Pickle& array, Bytes message, const Ref<media::Buffer>& owner,
                        media::BufferPool& buffers) {
  const Bytes pixels = array.bytes;
  const bool in_message =
      pixels.data() >= message.data() && pixels.data() + pixels.size() <= message.data() + message.size();
  if (in_message && !array.fortran) return {format_of(array.channels), owner, pixels};
  auto copy = buffers.take();
  copy->reserve(pixels.size());
  if (array.fortran) {
    copy_from_fortran(array, copy->data());
  } else {
    std::memcpy(copy->data(), pixels.data(), pixels.size());
  }
  return {format_of(array.channels), copy, {copy->data(), pixels.size()}};
}

}  // namespace glimt::pipeline

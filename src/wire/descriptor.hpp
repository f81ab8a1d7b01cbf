// Descriptor: what stands in front of the first strip of a frame: u32 length, then type-length-value fields
// (u8 type, u24 length, value). Unknown types are skipped.
//
//   input    bytes from anywhere
//   output   the fields; metadata as a view into the input
//   errors   empty where a field is missing, of the wrong size, or beyond its bounds
//   threads  thread-safe
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "glimt/options.hpp"

namespace glimt::wire {

struct Descriptor {
  Codec codec = Codec::jpeg;
  PixelFormat format = PixelFormat::bgr24;
  uint16_t width = 0;
  uint16_t height = 0;
  uint8_t strips = 1;
  int64_t captured_us = 0;  // of the sender's clock
  uint64_t clock_id = 0;
  uint32_t encoded_after_us = 0;  // capture to encoded; 0 where a strip left before the frame was encoded
  // The picture of the frame before, encoded once more for whoever has come since.
  bool again = false;
  Bytes metadata;
};

inline constexpr size_t kDescriptorLengthBytes = 4;
inline constexpr size_t kMaxMetadataBytes = 64 * 1024;
// Room for any descriptor of this version without its metadata.
inline constexpr size_t kDescriptorFieldsBytes = 64;
inline constexpr size_t kMaxDescriptorBytes = kMaxMetadataBytes + 4096;

// Whether a number from outside names one.
constexpr bool is_pixel_format(unsigned value) {
  return value >= static_cast<unsigned>(PixelFormat::gray8) &&
         value <= static_cast<unsigned>(PixelFormat::bgraf32);
}
// Times beyond these are no clock's: they would overflow when mapped onto ours.
constexpr bool is_sane_time(int64_t us) { return us > -(int64_t{1} << 50) && us < (int64_t{1} << 50); }

// With its length in front. `out` has room for kDescriptorFieldsBytes and the metadata.
void serialize(ByteWriter& out, const Descriptor& descriptor);
// `bytes` is what stands behind the length.
std::optional<Descriptor> parse_descriptor(Bytes bytes);

}  // namespace glimt::wire

#include "wire/descriptor.hpp"

namespace glimt::wire {
namespace {

enum Field : uint8_t {
  kPicture = 1,   // u8 codec, u8 format, u16 width, u16 height, u8 strips
  kCaptured = 2,  // u64 microseconds, u64 clock id
  kEncoded = 3,   // u32 microseconds after capture
  kMetadata = 4,  // bytes
  kAgain = 5,     // nothing
};

void field_header(ByteWriter& out, Field field, size_t length) {
  out.u32(static_cast<uint32_t>(field) | static_cast<uint32_t>(length) << 8);
}

}  // namespace

void serialize(ByteWriter& out, const Descriptor& d) {
  const bool has_encoded = d.encoded_after_us > 0;
  const size_t length = (4 + 7) + (4 + 16) + (has_encoded ? 4 + 4 : 0) + (d.again ? 4 : 0) +
                        (d.metadata.empty() ? 0 : 4 + d.metadata.size());
  out.u32(static_cast<uint32_t>(length));
  field_header(out, kPicture, 7);
  out.u8(static_cast<uint8_t>(d.codec));
  out.u8(static_cast<uint8_t>(d.format));
  out.u16(d.width);
  out.u16(d.height);
  out.u8(d.strips);
  field_header(out, kCaptured, 16);
  out.u64(static_cast<uint64_t>(d.captured_us));
  out.u64(d.clock_id);
  if (has_encoded) {
    field_header(out, kEncoded, 4);
    out.u32(d.encoded_after_us);
  }
  if (d.again) field_header(out, kAgain, 0);
  if (!d.metadata.empty()) {
    field_header(out, kMetadata, d.metadata.size());
    out.put(d.metadata);
  }
}

std::optional<Descriptor> parse_descriptor(Bytes bytes) {
  if (bytes.size() > kMaxDescriptorBytes) return std::nullopt;
  ByteReader in(bytes);
  Descriptor d;
  bool has_picture = false, has_captured = false;
  while (in.left() > 0) {
    const uint32_t head = in.u32();
    ByteReader value(in.take(head >> 8));
    if (!in.ok()) return std::nullopt;
    switch (head & 0xFF) {
      case kPicture:
        d.codec = static_cast<Codec>(value.u8());
        d.format = static_cast<PixelFormat>(value.u8());
        d.width = value.u16();
        d.height = value.u16();
        d.strips = value.u8();
        has_picture = true;
        break;
      case kCaptured:
        d.captured_us = static_cast<int64_t>(value.u64());
        d.clock_id = value.u64();
        has_captured = true;
        break;
      case kEncoded:
        d.encoded_after_us = value.u32();
        break;
      case kMetadata:
        d.metadata = value.rest();
        break;
      case kAgain:
        d.again = true;
        break;
      default:
        break;
    }
    if (!value.ok()) return std::nullopt;
  }
  const bool known_codec = d.codec >= Codec::raw && d.codec <= Codec::h264;
  const bool known_format = is_pixel_format(static_cast<unsigned>(d.format));
  if (!has_picture || !has_captured || !known_codec || !known_format || !is_sane_time(d.captured_us) ||
      d.width == 0 || d.height == 0 || d.strips == 0 || d.metadata.size() > kMaxMetadataBytes) {
    return std::nullopt;
  }
  return d;
}

}  // namespace glimt::wire

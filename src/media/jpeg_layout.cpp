#include "media/jpeg_layout.hpp"

#include <algorithm>
#include <cstring>

namespace glimt::media {
namespace {

using State = JpegScan::State;

// Sets what a marker segment says; false where it contradicts itself.
bool read_segment(uint8_t marker, Bytes body, JpegLayout& layout) {
  ByteReader in(body);
  auto big16 = [&in] {
    const int high = in.u8();
    return high << 8 | in.u8();
  };
  if (marker == kDht) layout.has_huffman_tables = true;
  if (marker == kDri) layout.restart_interval = big16();
  if (!is_frame_header(marker)) return in.ok();
  if (layout.width != 0) return false;  // a second frame header
  const bool eight_bits = in.u8() == 8;
  layout.is_sequential = (marker == kSof0 || marker == kSof1) && eight_bits;
  layout.height = big16();
  layout.width = big16();
  layout.components = in.u8();
  uint8_t sampling[3] = {};
  int wide = 1, high = 1;
  for (int c = 0; c < layout.components; ++c) {
    in.u8();
    const uint8_t factors = in.u8();
    if (c < 3) sampling[c] = factors;
    wide = std::max(wide, factors >> 4);
    high = std::max(high, factors & 15);
    in.u8();
  }
  const bool alone = layout.components == 1;  // its blocks are then coded one by one
  layout.mcu_width = alone ? 8 : 8 * wide;
  layout.mcu_height = alone ? 8 : 8 * high;
  layout.is_420 = layout.components == 3 && sampling[0] == 0x22 && sampling[1] == 0x11 && sampling[2] == 0x11;
  return in.ok() && layout.width > 0 && layout.height > 0 && layout.components > 0;
}

// Of the first scan's header.
void read_scan_header(Bytes body, JpegLayout& layout) {
  if (body.empty() || body[0] != layout.components) layout.is_sequential = false;
}

}  // namespace

size_t find_jpeg_marker(Bytes bytes, size_t at, bool restarts) {
  while (at + 1 < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, 0xFF, bytes.size() - 1 - at);
    if (!found) break;
    at = static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes.data());
    const uint8_t next = bytes[at + 1];
    if (next != 0x00 && next != 0xFF && (restarts || !is_restart(next))) return at;
    at += next == 0xFF ? 1 : 2;
  }
  return bytes.size();
}

namespace {

JpegScan walk(Bytes bytes, size_t& resume_at, bool headers_only) {
  JpegScan scan;
  if (bytes.size() < 4) {
    scan.state = State::incomplete;
    return scan;
  }
  if (bytes[0] != 0xFF || bytes[1] != kSoi) return scan;
  size_t at = 2;
  while (true) {
    if (at + 2 > bytes.size()) break;
    if (bytes[at] != 0xFF) return scan;
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (marker == kEoi) {
      scan.layout.size = at + 2;
      scan.state = scan.layout.width > 0 ? State::whole : State::malformed;
      return scan;
    }
    if (marker == kTem || is_restart(marker)) {
      at += 2;
      continue;
    }
    if (marker == 0x00 || marker == kSoi) return scan;
    if (marker == kSos && scan.layout.width == 0) return scan;  // a scan of no picture
    const bool first_scan = marker == kSos && scan.layout.scan_at == 0;
    if (first_scan) scan.layout.scan_at = at;
    if (at + 4 > bytes.size()) break;
    const size_t length = static_cast<size_t>(bytes[at + 2]) << 8 | bytes[at + 3];
    if (length < 2) return scan;
    if (at + 2 + length > bytes.size()) break;
    if (is_frame_header(marker)) scan.layout.frame_at = at;
    if (!read_segment(marker, bytes.subspan(at + 4, length - 2), scan.layout)) return scan;
    if (first_scan) {
      read_scan_header(bytes.subspan(at + 4, length - 2), scan.layout);
      scan.layout.entropy_at = at + 2 + length;
      if (headers_only) return scan;
    }
    at += 2 + length;
    if (marker == kSos) {
      const size_t from = std::max(at, resume_at);
      at = find_jpeg_marker(bytes, from, false);
      if (at == bytes.size()) {
        // The last byte may be the 0xFF of a marker whose second half has not come.
        resume_at = std::max(from, bytes.size() - 1);
        break;
      }
    }
  }
  scan.state = State::incomplete;
  return scan;
}

}  // namespace

JpegScan scan_jpeg(Bytes bytes, size_t& resume_at) { return walk(bytes, resume_at, false); }

JpegScan scan_jpeg(Bytes bytes) {
  size_t at = 0;
  return walk(bytes, at, false);
}

std::optional<JpegLayout> read_jpeg_headers(Bytes bytes) {
  size_t at = 0;
  const auto layout = walk(bytes, at, true).layout;
  return layout.entropy_at > 0 ? std::optional(layout) : std::nullopt;
}

}  // namespace glimt::media

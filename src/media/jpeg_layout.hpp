// JPEG layout: where a JPEG begins and ends and what its headers say, without decoding it.
//
//   input    bytes from anywhere; only markers are read
//   output   size, components and sampling of a baseline or progressive JPEG; its length up to and with EOI
//   errors   malformed; `incomplete` where more bytes could still complete it
//   threads  thread-safe
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.hpp"
#include "glimt/options.hpp"

namespace glimt::media {

// Rows of one row of 4:2:0 MCUs; libjpeg's raw planes come and go in these, whole blocks wide.
enum JpegMarker : uint8_t {
  kSof0 = 0xC0,
  kSof1 = 0xC1,
  kDht = 0xC4,
  kDac = 0xCC,
  kRst0 = 0xD0,
  kSoi = 0xD8,
  kEoi = 0xD9,
  kSos = 0xDA,
  kDqt = 0xDB,
  kDri = 0xDD,
  kApp0 = 0xE0,
  kApp14 = 0xEE,
  kTem = 0x01,
};
constexpr bool is_restart(uint8_t marker) { return marker >= kRst0 && marker < kSoi; }
constexpr bool is_frame_header(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != kDht && marker != 0xC8 && marker != kDac;
}

inline constexpr int kMcuLumaRows = 16;
inline constexpr int kMcuChromaRows = 8;
constexpr int round_up_to_mcu(int side) { return (side + kMcuLumaRows - 1) / kMcuLumaRows * kMcuLumaRows; }

struct JpegLayout {
  size_t size = 0;  // bytes from SOI to the end of EOI
  int width = 0;
  int height = 0;
  int components = 0;  // 1 grey, 3 colour, 4 CMYK
  bool is_420 = false;
  int restart_interval = 0;  // MCUs; 0 where there are no restart markers
  bool has_huffman_tables = false;
  size_t frame_at = 0;    // its frame header, from the marker on
  size_t scan_at = 0;     // where the first scan begins: tables stand in front of it
  size_t entropy_at = 0;  // behind that scan's header
  // Huffman, not progressive, 8 bits, and all of it in the first scan.
  bool is_sequential = false;
  int mcu_width = 0;  // of that scan, in pixels
  int mcu_height = 0;
};

struct JpegScan {
  enum class State { whole, incomplete, malformed } state = State::malformed;
  JpegLayout layout;  // where whole
};

// Reads the JPEG that starts at bytes[0]. `resume_at` saves reading entropy-coded bytes again when more have
// come: pass the same variable, 0 at first.
JpegScan scan_jpeg(Bytes bytes, size_t& resume_at);
JpegScan scan_jpeg(Bytes bytes);
// What stands in front of the first entropy-coded byte, whatever follows it. Empty where that is not all there, or malformed.
std::optional<JpegLayout> read_jpeg_headers(Bytes bytes);
// The next marker at or after `at` in entropy-coded bytes; their end where there is none. Restart markers count only
// where they are asked for.
size_t find_jpeg_marker(Bytes bytes, size_t at, bool restarts);

}  // namespace glimt::media

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
  size_t scan_at = 0;  // where the first scan begins: tables stand in front of it
};

struct JpegScan {
  enum class State { whole, incomplete, malformed } state = State::malformed;
  JpegLayout layout;  // where whole
};

// Reads the JPEG that starts at bytes[0]. `resume_at` saves reading entropy-coded bytes again when more have
// come: pass the same variable, 0 at first.
JpegScan scan_jpeg(Bytes bytes, size_t& resume_at);
JpegScan scan_jpeg(Bytes bytes);

}  // namespace glimt::media

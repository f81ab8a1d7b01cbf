// H.264 layout: the NAL units of an access unit in Annex B, without decoding them.
//
//   input    bytes from anywhere; start codes of three or four bytes; only NAL headers are read
//   output   views into the input
//   errors   none: what stands before the first start code is no NAL unit, nor is one that is empty
//   threads  thread-safe
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace glimt::media {

enum class NalType : uint8_t {
  slice = 1,
  idr_slice = 5,
  supplement = 6,  // SEI
  sequence_parameters = 7,
  picture_parameters = 8,
};

struct Nal {
  NalType type = NalType::slice;  // any of 0 to 31
  Bytes bytes;                    // from its header on, without start code and trailing zeros
};

// The next one from bytes[at] on, and `at` behind it; empty where there is none.
std::optional<Nal> next_nal(Bytes bytes, size_t& at);

struct H264Layout {
  size_t slices = 0;            // of any kind
  size_t idr_slices = 0;        // of those
  bool has_parameters = false;  // of sequence and of picture

  // Decodes without any access unit before it.
  bool is_key() const { return has_parameters && slices > 0 && slices == idr_slices; }
};

H264Layout scan_h264(Bytes access_unit);
// The parameter sets of an access unit, each behind a start code of four bytes: what containers put into their headers.
std::vector<uint8_t> parameter_sets(Bytes access_unit);

}  // namespace glimt::media

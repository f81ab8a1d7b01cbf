// Boxes: places in a picture, as metadata that rides with it. `glimt send --filter faces:metadata` sends them, `glimt recv`
// draws them into its window. docs/wire-format.md has the format.
//
//   in.read(1s): for (const glimt::Box& box : glimt::parse_boxes(frame->metadata())) …
//
//   input    the metadata of a frame, from the network
//   units    pixels of the picture
//   errors   none: metadata that is anything else holds no boxes
//   threads  thread-safe
//   memory   what the boxes take; kMaxBoxes at most
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace glimt {

struct Box {
  std::string label;          // "face"; UTF-8, at most kMaxBoxLabelBytes
  int x = 0, y = 0;           // upper left corner, 0..65535
  int width = 0, height = 0;  // 1..65535
  double score = 1;           // 0..1, how sure who found it is
};

inline constexpr size_t kMaxBoxes = 1000;
inline constexpr size_t kMaxBoxLabelBytes = 64;

// Those that are in range and fit into the 64 KB of a frame's metadata; what is further behind is left out.
std::vector<uint8_t> serialize_boxes(const std::vector<Box>& boxes);
// A box may lie outside of the picture: who draws it cuts it.
std::vector<Box> parse_boxes(std::span<const uint8_t> metadata);

}  // namespace glimt

// Drawing: boxes and texts, and the two ways to write them.
//
//   units    points; the PNG has kPngScale pixels a point
//   errors   with the cure where a file cannot be written or its name ends in neither .svg nor .png
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "glimt/error.hpp"

namespace glimt::command {

struct Color {
  uint8_t red = 0, green = 0, blue = 0;
};

struct Drawing {
  enum class Anchor { begin, middle, end };
  struct Box {
    double x, y, width, height;
    Color color;
  };
  struct Text {
    double x, y;  // of the baseline, at the anchor
    double size;  // of the font
    Anchor anchor;
    Color color;
    bool bold;
    std::string text;  // ASCII: what else there is shows as '?' in a PNG
  };
  int width = 0, height = 0;
  std::vector<Box> boxes;  // in this order, before the texts
  std::vector<Text> texts;
};

inline constexpr int kPngScale = 2;

std::string to_svg(const Drawing& drawing);

// Whether write_drawing() could take such a name, asked before there is anything to draw.
Result<void> check_drawing_path(const std::string& path);
Result<void> write_drawing(const Drawing& drawing, const std::string& path);

}  // namespace glimt::command

// JPEG strips: how a JPEG with restart markers falls into strips that decode alone, each into rows of its own.
//
//   Between two restart markers lies a segment of `restart_interval` MCUs. A strip is a run of segments that fills whole rows
//   of MCUs; all strips but the last have as many as the first. The first begins with the headers, each other with the restart
//   marker in front of it, the last ends with EOI: one behind the other they are the JPEG.
//
//   input    bytes from anywhere; only markers are read
//   output   views into them
//   errors   empty or false where a JPEG does not fall into strips, or contradicts itself
//   threads  thread-safe
#pragma once

#include <vector>

#include "media/jpeg_layout.hpp"

namespace glimt::media {

inline constexpr int kMaxStrips = 255;
// What the headers of a JPEG in strips may come to, without pictures and texts of others in them.
inline constexpr size_t kMaxStripHeaders = 16 * 1024;

// Strips that a picture is worth: about so many, fewer where one would be too small for what it costs.
int strips_worth(int width, int height);

struct JpegStrips {
  int count = 0;
  int rows = 0;         // pixels; the last strip may have fewer
  size_t segments = 0;  // in a strip
  size_t last_segments = 0;
};

// How the picture falls into strips of so many segments; of `count` 1 too.
std::optional<JpegStrips> strips_of(const JpegLayout& layout, size_t segments);

// Segments in entropy-coded bytes, the first of which is `first`th of the picture. Empty where the markers between them
// are not what then comes.
std::optional<size_t> count_segments(Bytes entropy, size_t first);

// The entropy-coded bytes of strip `index`, whose segments must be as they are counted.
std::optional<Bytes> entropy_of(Bytes strip, int index, const JpegLayout& layout, const JpegStrips& strips);

// Headers for a strip of `height` rows, complete with all tables that its scan uses, and nothing else.
bool make_strip_headers(Bytes headers, int height, std::vector<uint8_t>& to);

// Cuts JPEGs of others.
//
//   output   strips() as views into the JPEG, until the next cut
//   threads  thread-compatible
//   memory   kMaxStripHeaders and a view a strip, kept
class JpegCutter {
 public:
  // A whole JPEG, from SOI to EOI, into at most `wanted` strips. False where it stays in one piece.
  bool cut(Bytes jpeg, const JpegLayout& layout, int wanted);
  const std::vector<Bytes>& strips() const { return strips_; }

 private:
  bool cut_at_markers(Bytes jpeg, const JpegLayout& layout, const JpegStrips& plan);

  std::vector<Bytes> strips_;
  std::vector<uint8_t> headers_;
};

}  // namespace glimt::media

#include "media/jpeg_strips.hpp"

#include <algorithm>
#include <numeric>

#include "media/jpeg_tables.hpp"

namespace glimt::media {
namespace {

constexpr int kStrips = 8;
// Of pixels: less is not worth a wake-up of one more thread at each end.
constexpr int64_t kLeastStrip = 32 * 1024;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Grid {
  int64_t per_row, rows;  // MCUs in a row; rows of them
};

Grid grid_of(const JpegLayout& layout) {
  return {ceil_div(layout.width, layout.mcu_width), ceil_div(layout.height, layout.mcu_height)};
}

bool may_fall_into_strips(const JpegLayout& layout) {
  return layout.is_sequential && layout.restart_interval > 0 &&
         (layout.components == 1 || layout.components == 3);
}

// The tables that headers define and use.
struct Tables {
  unsigned quantization = 0, wanted_quantization = 0;  // a bit each
  unsigned huffman = 0, wanted_huffman = 0;            // DC 0 to 3, AC 4 to 7

  bool define_huffman(Bytes body) {
    ByteReader in(body);
    while (in.ok() && in.left() > 0) {
      const unsigned which = in.u8();
      const Bytes counts = in.take(16);
      in.take(std::accumulate(counts.begin(), counts.end(), size_t{0}));
      if ((which & ~0x13u) != 0) return false;
      huffman |= 1u << ((which & 3) + (which >> 4) * 4);
    }
    return in.ok();
  }
  bool define_quantization(Bytes body) {
    ByteReader in(body);
    while (in.ok() && in.left() > 0) {
      const unsigned which = in.u8();
      in.take(which >> 4 ? 128 : 64);
      if ((which & ~0x13u) != 0) return false;
      quantization |= 1u << (which & 3);
    }
    return in.ok();
  }
  bool use_quantization(Bytes frame_header) {
    for (size_t at = 8; at < frame_header.size(); at += 3) {
      if (frame_header[at] > 3) return false;
      wanted_quantization |= 1u << frame_header[at];
    }
    return true;
  }
  bool use_huffman(Bytes scan_header) {
    for (size_t at = 2; at + 3 < scan_header.size(); at += 2) {
      const unsigned dc = scan_header[at] >> 4, ac = scan_header[at] & 15;
      if (dc > 3 || ac > 3) return false;
      wanted_huffman |= 1u << dc | 16u << ac;
    }
    return true;
  }
};

constexpr unsigned kStandardHuffman = 0x33;

}  // namespace

int strips_worth(int width, int height) {
  return static_cast<int>(std::clamp<int64_t>(int64_t{width} * height / kLeastStrip, 1, kStrips));
}

std::optional<JpegStrips> strips_of(const JpegLayout& layout, size_t segments) {
  if (!may_fall_into_strips(layout)) return std::nullopt;
  const Grid grid = grid_of(layout);
  const int64_t interval = layout.restart_interval;
  const int64_t all = ceil_div(grid.per_row * grid.rows, interval);
  const auto each = static_cast<int64_t>(segments);
  if (each < 1 || each > all) return std::nullopt;
  const int64_t count = ceil_div(all, each);
  if (count > kMaxStrips || (count > 1 && each * interval % grid.per_row != 0)) return std::nullopt;
  JpegStrips strips;
  strips.count = static_cast<int>(count);
  strips.rows =
      static_cast<int>(count == 1 ? layout.height : each * interval / grid.per_row * layout.mcu_height);
  strips.segments = segments;
  strips.last_segments = static_cast<size_t>(all - (count - 1) * each);
  return strips;
}

bool JpegCutter::cut(Bytes jpeg, const JpegLayout& layout, int wanted) {
  if (wanted < 2 || !may_fall_into_strips(layout)) return false;
  // Segments are taken in steps of whole rows of MCUs, and those in runs of about as many rows as are wanted.
  const Grid grid = grid_of(layout);
  const int64_t interval = layout.restart_interval;
  const int64_t step = grid.per_row / std::gcd(grid.per_row, interval);
  const int64_t rows_a_step = step * interval / grid.per_row;
  const int64_t steps = ceil_div(ceil_div(grid.rows, wanted), rows_a_step);
  const auto plan = strips_of(layout, static_cast<size_t>(steps * step));
  return plan && plan->count > 1 &&
         make_strip_headers(jpeg.first(layout.entropy_at), layout.height, headers_) &&
         cut_at_markers(jpeg, layout, *plan);
}

bool JpegCutter::cut_at_markers(Bytes jpeg, const JpegLayout& layout, const JpegStrips& plan) {
  strips_.clear();
  size_t begin = 0, segments = 1;
  size_t at = layout.entropy_at;
  for (;; ++segments, at += 2) {
    at = find_jpeg_marker(jpeg, at, true);
    if (at == jpeg.size() || !is_restart(jpeg[at + 1])) break;
    if (jpeg[at + 1] != kRst0 + (segments - 1) % 8) return false;
    if (segments % plan.segments != 0) continue;
    if (strips_.size() + 1 == static_cast<size_t>(plan.count)) return false;
    strips_.push_back(jpeg.subspan(begin, at - begin));
    begin = at;
  }
  strips_.push_back(jpeg.subspan(begin));
  const size_t expected = static_cast<size_t>(plan.count - 1) * plan.segments + plan.last_segments;
  return at + 2 == jpeg.size() && jpeg[at + 1] == kEoi && segments == expected;
}

std::optional<size_t> count_segments(Bytes entropy, size_t first) {
  for (size_t at = 0, segments = 1;; ++segments, at += 2) {
    at = find_jpeg_marker(entropy, at, true);
    if (at == entropy.size()) return segments;
    if (entropy[at + 1] != kRst0 + (first + segments - 1) % 8) return std::nullopt;
  }
}

std::optional<Bytes> entropy_of(Bytes strip, int index, const JpegLayout& layout, const JpegStrips& strips) {
  const size_t first = static_cast<size_t>(index) * strips.segments;
  const bool last = index + 1 == strips.count;
  size_t begin = layout.entropy_at;
  if (index > 0) {
    begin = 2;
    if (strip.size() < 2 || strip[0] != 0xFF || strip[1] != kRst0 + (first - 1) % 8) return std::nullopt;
  }
  size_t end = strip.size();
  if (last) {
    if (end < begin + 2 || strip[end - 2] != 0xFF || strip[end - 1] != kEoi) return std::nullopt;
    end -= 2;
  }
  if (end < begin) return std::nullopt;
  const Bytes entropy = strip.subspan(begin, end - begin);
  const auto segments = count_segments(entropy, first);
  if (!segments || *segments != (last ? strips.last_segments : strips.segments)) return std::nullopt;
  return entropy;
}

bool make_strip_headers(Bytes headers, int height, std::vector<uint8_t>& to) {
  Tables tables;
  to.assign({0xFF, kSoi});
  for (size_t at = 2; at + 4 <= headers.size();) {
    const uint8_t marker = headers[at + 1];
    if (marker == 0xFF || marker == kTem || is_restart(marker)) {
      at += marker == 0xFF ? 1 : 2;
      continue;
    }
    const size_t length = static_cast<size_t>(headers[at + 2]) << 8 | headers[at + 3];
    if (length < 2 || at + 2 + length > headers.size()) return false;
    const Bytes segment = headers.subspan(at, length + 2);
    const Bytes body = segment.subspan(4);
    at += length + 2;
    const bool frame = is_frame_header(marker);
    const bool copied = frame || marker == kDht || marker == kDqt || marker == kDri || marker == kSos ||
                        marker == kApp0 || marker == kApp14;
    if (!copied && marker < kApp0) return false;
    if (!copied) continue;
    if (marker == kDht && !tables.define_huffman(body)) return false;
    if (marker == kDqt && !tables.define_quantization(body)) return false;
    if (frame && !tables.use_quantization(body)) return false;
    if (marker == kSos) {
      if (!tables.use_huffman(body)) return false;
      const unsigned missing = tables.wanted_huffman & ~tables.huffman;
      if ((missing & ~kStandardHuffman) != 0) return false;
      const Bytes standard = standard_huffman_tables();
      // In front of those that are defined, which then take their place.
      if (missing != 0) to.insert(to.begin() + 2, standard.begin(), standard.end());
    }
    if (to.size() + segment.size() > kMaxStripHeaders) return false;
    to.insert(to.end(), segment.begin(), segment.end());
    if (frame && body.size() > 2) {
      to[to.size() - body.size() + 1] = static_cast<uint8_t>(height >> 8);
      to[to.size() - body.size() + 2] = static_cast<uint8_t>(height);
    }
    if (marker == kSos) return (tables.wanted_quantization & ~tables.quantization) == 0;
  }
  return false;
}

}  // namespace glimt::media

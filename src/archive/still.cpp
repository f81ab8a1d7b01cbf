#include "archive/still.hpp"

#include "media/jpeg_layout.hpp"

namespace glimt::archive {
namespace {

constexpr size_t kFrontBytes = 64 * 1024;
constexpr uint8_t kApp1 = 0xE1, kStartOfScan = 0xDA;

struct Segment {
  uint8_t marker = 0;
  Bytes body;  // as much as is there
};

// The segments in front of the first scan, until `found` takes one.
template <class Found>
bool find_segment(Bytes jpeg, Found found) {
  if (jpeg.size() < 2 || jpeg[0] != 0xFF || jpeg[1] != 0xD8) return false;
  for (size_t at = 2; at + 4 <= jpeg.size();) {
    if (jpeg[at] != 0xFF) return false;
    if (jpeg[at + 1] == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    const size_t length = static_cast<size_t>(jpeg[at + 2] << 8 | jpeg[at + 3]);
    if (length < 2 || jpeg[at + 1] == kStartOfScan) return false;
    const Bytes rest = jpeg.subspan(at + 4);
    if (found(Segment{jpeg[at + 1], rest.first(std::min(rest.size(), length - 2))})) return true;
    at += 2 + length;
  }
  return false;
}

bool is_frame_header(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::optional<StillSize> png_size(Bytes front) {
  static constexpr std::string_view kBegin("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16);
  if (front.size() < 24 || as_text(front.first(16)) != kBegin) return std::nullopt;
  const auto side = [&](size_t at) {
    return static_cast<int64_t>(front[at]) << 24 | front[at + 1] << 16 | front[at + 2] << 8 | front[at + 3];
  };
  if (side(16) < 1 || side(16) > INT32_MAX || side(20) < 1 || side(20) > INT32_MAX) return std::nullopt;
  return StillSize{static_cast<int>(side(16)), static_cast<int>(side(20))};
}

std::optional<StillSize> jpeg_size(Bytes front) {
  std::optional<StillSize> size;
  find_segment(front, [&](const Segment& s) {
    if (!is_frame_header(s.marker) || s.body.size() < 5) return false;
    size = {s.body[3] << 8 | s.body[4], s.body[1] << 8 | s.body[2]};
    return true;
  });
  if (size && (size->width == 0 || size->height == 0)) size.reset();
  return size;
}

}  // namespace

std::optional<StillSize> try_still_size(Bytes front) {
  if (const auto png = png_size(front)) return png;
  return jpeg_size(front);
}

std::optional<StillSize> try_still_size(const StoredFile& file) {
  std::vector<uint8_t> front(kFrontBytes);
  const ssize_t n = pread(file.fd.get(), front.data(), front.size(), 0);
  return n > 0 ? try_still_size(Bytes(front).first(static_cast<size_t>(n))) : std::nullopt;
}

bool has_exif(Bytes jpeg) {
  return find_segment(jpeg, [](const Segment& s) {
    return s.marker == kApp1 && s.body.size() >= 4 && as_text(s.body.first(4)) == "Exif";
  });
}

Ref<media::AccessUnit> try_read_jpeg(const StoredFile& file, size_t max_bytes) {
  if (file.size < 4 || file.size > max_bytes || !try_still_size(file)) return {};
  Ref<media::Buffer> buffer(new media::Buffer);
  buffer->reserve(file.size);
  size_t got = 0;
  while (got < file.size) {
    const ssize_t n = pread(file.fd.get(), buffer->data() + got, file.size - got, static_cast<off_t>(got));
    if (n <= 0) return {};
    got += static_cast<size_t>(n);
  }
  const Bytes bytes(buffer->data(), got);
  const auto scan = media::scan_jpeg(bytes);
  const auto& layout = scan.layout;
  const bool sendable = layout.components == 1 || layout.components == 3;
  if (scan.state != media::JpegScan::State::whole || !sendable || has_exif(bytes)) return {};
  const auto format = layout.components == 1 ? PixelFormat::gray8 : PixelFormat::bgr24;
  if (!media::check_size(format, layout.width, layout.height, max_bytes)) return {};
  Ref<media::AccessUnit> unit(new media::AccessUnit);
  unit->info = {.codec = Codec::jpeg, .format = format, .width = layout.width, .height = layout.height};
  unit->strips.push_back({buffer, bytes.first(layout.size), 0});
  return unit;
}

}  // namespace glimt::archive

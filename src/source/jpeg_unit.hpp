// JpegUnit: a JPEG that was never pixels here becomes an access unit, its bytes untouched.
#pragma once

#include "media/access_unit.hpp"
#include "media/jpeg_layout.hpp"

namespace glimt::source {

// Grey or colour; not CMYK.
inline bool is_sendable(const media::JpegLayout& layout) {
  return layout.components == 1 || layout.components == 3;
}

inline Ref<media::AccessUnit> make_jpeg_unit(Pool<media::AccessUnit>& pool, const media::JpegLayout& layout,
                                             media::Strip strip, Instant captured_at) {
  auto unit = pool.take();
  unit->clear();
  auto& info = unit->info;
  info.codec = Codec::jpeg;
  info.format = layout.components == 1 ? PixelFormat::gray8 : PixelFormat::bgr24;
  info.width = layout.width;
  info.height = layout.height;
  info.clock_id = clock_id();
  info.stamps.captured_at = captured_at;
  info.stamps.encoded_at = now();
  unit->strips.push_back(std::move(strip));
  return unit;
}

}  // namespace glimt::source

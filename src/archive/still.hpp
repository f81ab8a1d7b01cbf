// Still: what a stored image is without decoding it, where its own headers say so.
//
//   input    an open file; its bytes may be anything
//   output   size in pixels of a PNG or JPEG; a JPEG as an access unit, untouched
//   errors   empty where it must be decoded to know: another format, a rotated or unusual JPEG
//   threads  thread-safe
//   memory   64 KB, or the JPEG
#pragma once

#include <optional>

#include "archive/folder.hpp"
#include "media/access_unit.hpp"

namespace glimt::archive {

struct StillSize {
  int width = 0, height = 0;
};
std::optional<StillSize> try_still_size(const StoredFile& file);
// Of the file's first bytes.
std::optional<StillSize> try_still_size(Bytes front);

Ref<media::AccessUnit> try_read_jpeg(const StoredFile& file, size_t max_bytes);
// Cameras say in there which way up the picture is, and only OpenCV's decoder obeys.
bool has_exif(Bytes jpeg);

}  // namespace glimt::archive

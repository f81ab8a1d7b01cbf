// JPEG tables: the Huffman tables that cameras leave out of their MJPEG.
//
//   input    a whole JPEG without tables, and where its first scan begins (JpegLayout::scan_at)
//   output   the same JPEG with the typical tables of ITU-T T.81, Annex K.3, in front of that scan
//   errors   none
//   threads  thread-safe
//   memory   the caller's buffer
#pragma once

#include "media/buffer.hpp"

namespace glimt::media {

// One DHT segment with all four tables: luminance and chrominance, DC and AC.
Bytes standard_huffman_tables();

// Writes the completed JPEG to the front of `to` and says how long it is.
size_t insert_huffman_tables(Bytes jpeg, size_t scan_at, Buffer& to);

}  // namespace glimt::media

// libjpeg-turbo alone, the whole picture in one go: what strips are held against.
#pragma once

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "media/frame.hpp"
#include "media/jpeg_error.hpp"
// After libjpeg itself.
#include <jerror.h>

namespace glimt::test {

// A row of a plane, widened to whole MCUs by its last value.
inline std::vector<uint8_t> widened_row(const media::Frame& frame, int plane, int row) {
  const auto shape = media::plane_shape(frame.format, frame.width, frame.height, plane);
  const auto& p = frame.planes[static_cast<size_t>(plane)];
  const uint8_t* from = p.data + static_cast<size_t>(std::min(row, shape.rows - 1)) * p.stride;
  std::vector<uint8_t> wide(from, from + shape.width_bytes);
  wide.resize(static_cast<size_t>((frame.width + 15) / 16 * (plane > 0 ? 8 : 16)), wide.back());
  return wide;
}

inline void write_planes(jpeg_compress_struct& jpeg, const media::Frame& frame) {
  while (jpeg.next_scanline < jpeg.image_height) {
    std::array<std::vector<std::vector<uint8_t>>, 3> rows;
    std::array<std::vector<JSAMPROW>, 3> pointers;
    std::array<JSAMPARRAY, 3> planes{};
    for (size_t p = 0; p < 3; ++p) {
      const int n = p > 0 ? 8 : 16;
      for (int i = 0; i < n; ++i)
        rows[p].push_back(widened_row(frame, static_cast<int>(p),
                                      static_cast<int>(jpeg.next_scanline) / (p > 0 ? 2 : 1) + i));
      for (auto& row : rows[p]) pointers[p].push_back(row.data());
      planes[p] = pointers[p].data();
    }
    jpeg_write_raw_data(&jpeg, planes.data(), 16);
  }
}

inline std::string serial_jpeg(const media::Frame& frame, int quality, Chroma chroma, unsigned interval) {
  jpeg_error_mgr error;
  jpeg_compress_struct jpeg{};
  jpeg.err = jpeg_std_error(&error);
  jpeg_create_compress(&jpeg);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &out, &size);
  const bool grey = frame.format == PixelFormat::gray8, planes = frame.format == PixelFormat::i420;
  jpeg.image_width = static_cast<JDIMENSION>(frame.width);
  jpeg.image_height = static_cast<JDIMENSION>(frame.height);
  jpeg.input_components = grey ? 1 : frame.format == PixelFormat::bgra32 ? 4 : 3;
  jpeg.in_color_space = grey                                  ? JCS_GRAYSCALE
                        : planes                              ? JCS_YCbCr
                        : frame.format == PixelFormat::bgra32 ? JCS_EXT_BGRX
                                                              : JCS_EXT_BGR;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  if (!grey && !planes) {
    jpeg.comp_info[0].h_samp_factor = chroma == Chroma::c444 ? 1 : 2;
    jpeg.comp_info[0].v_samp_factor = chroma == Chroma::c420 ? 2 : 1;
  }
  jpeg.restart_interval = interval;
  jpeg.raw_data_in = planes ? TRUE : FALSE;
  jpeg_start_compress(&jpeg, TRUE);
  if (planes) write_planes(jpeg, frame);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = frame.planes[0].data + jpeg.next_scanline * frame.planes[0].stride;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string bytes(reinterpret_cast<char*>(out), size);
  std::free(out);
  return bytes;
}

// Where libjpeg does not return.
struct SerialError : jpeg_error_mgr {
  std::jmp_buf out;
  bool forgives_extra = false;
};

// Packed pixels of gray8, bgr24 or bgra32, chroma repeated; nothing where libjpeg gives up or warns, unless of bytes
// that nothing wants, in front of a marker, and those are forgiven.
inline std::optional<std::string> serial_pixels(const std::string& jpeg, PixelFormat format, int scale = 1,
                                                bool forgives_extra = false) {
  SerialError error;
  jpeg_decompress_struct d{};
  std::string pixels;
  d.err = jpeg_std_error(&error);
  error.error_exit = [](j_common_ptr of) { std::longjmp(static_cast<SerialError*>(of->err)->out, 1); };
  error.forgives_extra = forgives_extra;
  error.emit_message = [](j_common_ptr of, int level) {
    auto* self = static_cast<SerialError*>(of->err);
    if (level < 0 && !(self->forgives_extra && self->msg_code == JWRN_EXTRANEOUS_DATA)) ++self->num_warnings;
  };
  jpeg_create_decompress(&d);
  if (setjmp(error.out) != 0) {
    jpeg_destroy_decompress(&d);
    return std::nullopt;
  }
  jpeg_mem_src(&d, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  jpeg_read_header(&d, TRUE);
  d.do_fancy_upsampling = FALSE;
  d.scale_num = 1;
  d.scale_denom = static_cast<unsigned>(scale);
  d.out_color_space = format == PixelFormat::gray8    ? JCS_GRAYSCALE
                      : format == PixelFormat::bgra32 ? JCS_EXT_BGRA
                                                      : JCS_EXT_BGR;
  jpeg_start_decompress(&d);
  const size_t row_bytes = size_t{d.output_width} * static_cast<size_t>(d.output_components);
  pixels.resize(row_bytes * d.output_height);
  while (d.output_scanline < d.output_height) {
    auto* row = reinterpret_cast<JSAMPROW>(pixels.data() + d.output_scanline * row_bytes);
    jpeg_read_scanlines(&d, &row, 1);
  }
  jpeg_finish_decompress(&d);
  const bool clean = error.num_warnings == 0;
  jpeg_destroy_decompress(&d);
  return clean ? std::optional(pixels) : std::nullopt;
}

}  // namespace glimt::test

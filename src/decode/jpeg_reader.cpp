#include "decode/jpeg_reader.hpp"

#include <algorithm>

#include "media/jpeg_layout.hpp"
// After libjpeg itself.
#include <jerror.h>

namespace glimt::decode {
namespace {

constexpr std::array<JOCTET, 2> kEndOfPicture{0xFF, media::kEoi};

J_COLOR_SPACE color_space_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::gray8:
      return JCS_GRAYSCALE;
    case PixelFormat::bgra32:
      return JCS_EXT_BGRA;
    case PixelFormat::i420:
      return JCS_YCbCr;
    default:
      break;
  }
  return JCS_EXT_BGR;
}

}  // namespace

void JpegReader::Source::attach(const Parts& from) {
  parts = from;
  next = 0;
  next_input_byte = nullptr;
  bytes_in_buffer = 0;
  init_source = [](j_decompress_ptr) {};
  term_source = [](j_decompress_ptr) {};
  resync_to_restart = jpeg_resync_to_restart;
  fill_input_buffer = [](j_decompress_ptr jpeg) -> boolean {
    auto* self = static_cast<Source*>(jpeg->src);
    while (self->next < kParts && self->parts[self->next].empty()) ++self->next;
    if (self->next < kParts) {
      const Bytes part = self->parts[self->next++];
      self->next_input_byte = part.data();
      self->bytes_in_buffer = part.size();
    } else {
      WARNMS(jpeg, JWRN_JPEG_EOF);
      self->next_input_byte = kEndOfPicture.data();
      self->bytes_in_buffer = kEndOfPicture.size();
    }
    return TRUE;
  };
  skip_input_data = [](j_decompress_ptr jpeg, long count) {
    auto* self = static_cast<Source*>(jpeg->src);
    auto left = static_cast<size_t>(std::max(count, 0L));
    while (left > self->bytes_in_buffer) {
      left -= self->bytes_in_buffer;
      self->fill_input_buffer(jpeg);
    }
    self->next_input_byte += left;
    self->bytes_in_buffer -= left;
  };
}

JpegReader::JpegReader() {
  jpeg_.err = error_.attach();
  jpeg_create_decompress(&jpeg_);
  jpeg_.src = &source_;
}

JpegReader::~JpegReader() { jpeg_destroy_decompress(&jpeg_); }

bool JpegReader::open(const Parts& parts) {
  error_.num_warnings = 0;
  error_.text[0] = '\0';
  source_.attach(parts);
  if (read_header()) return true;
  give_up();
  return false;
}

bool JpegReader::read_header() {
  if (setjmp(error_.out) != 0) return false;
  return jpeg_read_header(&jpeg_, TRUE) == JPEG_HEADER_OK;
}

bool JpegReader::is_420() const {
  const auto* c = jpeg_.comp_info;
  return jpeg_.num_components == 3 && jpeg_.jpeg_color_space == JCS_YCbCr && c[0].h_samp_factor == 2 &&
         c[0].v_samp_factor == 2 && c[1].h_samp_factor == 1 && c[1].v_samp_factor == 1 &&
         c[2].h_samp_factor == 1 && c[2].v_samp_factor == 1;
}

bool JpegReader::is_one_segment() const {
  if (jpeg_.progressive_mode || jpeg_.comps_in_scan != jpeg_.num_components) return false;
  const auto blocks = [](unsigned side, int factor) {
    const unsigned pixels = static_cast<unsigned>(factor) * DCTSIZE;
    return (side + pixels - 1) / pixels;
  };
  const bool alone = jpeg_.num_components == 1;  // its blocks are not interleaved, whatever its factors say
  const uint64_t across = blocks(jpeg_.image_width, alone ? 1 : jpeg_.max_h_samp_factor);
  return jpeg_.restart_interval >= across * blocks(jpeg_.image_height, alone ? 1 : jpeg_.max_v_samp_factor);
}

bool JpegReader::read(const media::Frame& frame, int first_row, int scale) {
  jpeg_.do_fancy_upsampling = FALSE;
  jpeg_.raw_data_out = frame.format == PixelFormat::i420 ? TRUE : FALSE;
  jpeg_.out_color_space = color_space_of(frame.format);
  jpeg_.scale_num = 1;
  jpeg_.scale_denom = static_cast<unsigned>(scale);
  if (decompress(frame, static_cast<size_t>(first_row)) && error_.num_warnings == 0) return true;
  give_up();
  return false;
}

bool JpegReader::decompress(const media::Frame& frame, size_t first_row) {
  if (setjmp(error_.out) != 0) return false;
  if (is_one_segment())
    jpeg_.restart_interval = 0;  // with one libjpeg reads bit by bit, whether markers come or not
  jpeg_start_decompress(&jpeg_);
  if (jpeg_.raw_data_out) {
    read_i420(frame, first_row);
  } else {
    read_rows(frame, first_row);
  }
  jpeg_finish_decompress(&jpeg_);
  return true;
}

void JpegReader::read_rows(const media::Frame& frame, size_t first_row) {
  std::array<JSAMPROW, media::kMcuLumaRows> rows;
  const auto& plane = frame.planes[0];
  while (jpeg_.output_scanline < jpeg_.output_height) {
    const auto n = std::min<size_t>(rows.size(), jpeg_.output_height - jpeg_.output_scanline);
    const size_t row = first_row + jpeg_.output_scanline;
    for (size_t i = 0; i < n; ++i) rows[i] = plane.data + (row + i) * plane.stride;
    jpeg_read_scanlines(&jpeg_, rows.data(), static_cast<JDIMENSION>(n));
  }
}

void JpegReader::read_i420(const media::Frame& frame, size_t first_row) {
  std::array<JSAMPROW, media::kMcuLumaRows> y;
  std::array<JSAMPROW, media::kMcuChromaRows> u, v;
  JSAMPARRAY planes[3] = {y.data(), u.data(), v.data()};
  while (jpeg_.output_scanline < jpeg_.output_height) {
    const size_t row = first_row + jpeg_.output_scanline;
    for (size_t i = 0; i < media::kMcuLumaRows; ++i)
      y[i] = frame.planes[0].data + (row + i) * frame.planes[0].stride;
    for (size_t i = 0; i < media::kMcuChromaRows; ++i) {
      u[i] = frame.planes[1].data + (row / 2 + i) * frame.planes[1].stride;
      v[i] = frame.planes[2].data + (row / 2 + i) * frame.planes[2].stride;
    }
    jpeg_read_raw_data(&jpeg_, planes, media::kMcuLumaRows);
  }
}

}  // namespace glimt::decode

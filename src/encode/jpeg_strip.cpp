#include "encode/jpeg_strip.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "media/jpeg_strips.hpp"

namespace glimt::encode {
namespace {

constexpr size_t kLeastBuffer = 4096;
constexpr int kMostInterval = 65535;  // what a DRI segment can say

struct Mcu {
  int width, height;
};

Mcu mcu_of(PixelFormat format, Chroma chroma) {
  if (format == PixelFormat::gray8) return {8, 8};
  if (format == PixelFormat::i420 || chroma == Chroma::c420) return {16, 16};
  return chroma == Chroma::c422 ? Mcu{16, 8} : Mcu{8, 8};
}

int ceil_div(int a, int b) { return (a + b - 1) / b; }

// What libjpeg wrote is a picture of the strip's own height: the headers of the first get the whole one's, those of the others
// give way to a restart marker; EOI is the last one's.
Bytes strip_of(std::span<uint8_t> picture, int height, int index, int strips) {
  const auto layout = media::read_jpeg_headers(picture);
  if (!layout) return {};
  if (index + 1 < strips) picture = picture.first(picture.size() - 2);
  if (index == 0) {
    picture[layout->frame_at + 5] = static_cast<uint8_t>(height >> 8);
    picture[layout->frame_at + 6] = static_cast<uint8_t>(height);
    return picture;
  }
  picture = picture.subspan(layout->entropy_at - 2);
  picture[0] = 0xFF;
  picture[1] = static_cast<uint8_t>(media::kRst0 + (index - 1) % 8);
  return picture;
}

}  // namespace

JpegPlan plan_jpeg(const media::Frame& frame, int quality, Chroma chroma, int wanted) {
  const Mcu mcu = mcu_of(frame.format, chroma);
  const int per_row = ceil_div(frame.width, mcu.width);
  const int mcu_rows = ceil_div(frame.height, mcu.height);
  const int rows = std::min(ceil_div(mcu_rows, wanted), kMostInterval / per_row);
  const int strips = rows > 0 ? ceil_div(mcu_rows, rows) : 1;
  if (strips == 1 || strips > media::kMaxStrips) return {quality, chroma, 1, frame.height, 0};
  return {quality, chroma, strips, rows * mcu.height, static_cast<unsigned>(rows * per_row)};
}

void JpegStripEncoder::BufferDestination::attach(media::Buffer& to) {
  buffer = &to;
  buffer->reserve(kLeastBuffer);
  init_destination = [](j_compress_ptr jpeg) {
    auto* self = static_cast<BufferDestination*>(jpeg->dest);
    self->next_output_byte = self->buffer->data();
    self->free_in_buffer = self->buffer->capacity();
  };
  empty_output_buffer = [](j_compress_ptr jpeg) -> boolean {
    auto* self = static_cast<BufferDestination*>(jpeg->dest);
    const size_t used = self->buffer->capacity();  // by contract all of it, whatever free_in_buffer says
    self->buffer->reserve(used * 2, used);
    self->next_output_byte = self->buffer->data() + used;
    self->free_in_buffer = self->buffer->capacity() - used;
    return TRUE;
  };
  term_destination = [](j_compress_ptr) {};
}

JpegStripEncoder::JpegStripEncoder() {
  jpeg_.err = error_.attach();
  jpeg_create_compress(&jpeg_);
  jpeg_.dest = &destination_;
}

JpegStripEncoder::~JpegStripEncoder() { jpeg_destroy_compress(&jpeg_); }

Bytes JpegStripEncoder::encode(const media::Frame& frame, const JpegPlan& plan, int index,
                               media::Buffer& to) {
  destination_.attach(to);
  prepare_padding(frame);
  const int first_row = index * plan.rows;
  if (!compress(frame, plan, first_row, std::min(plan.rows, frame.height - first_row))) {
    jpeg_abort_compress(&jpeg_);
    return {};
  }
  return strip_of({to.data(), destination_.size()}, frame.height, index, plan.strips);
}

bool JpegStripEncoder::compress(const media::Frame& frame, const JpegPlan& plan, int first_row, int rows) {
  if (setjmp(error_.out) != 0) return false;
  jpeg_.image_width = static_cast<JDIMENSION>(frame.width);
  jpeg_.image_height = static_cast<JDIMENSION>(rows);
  set_color_space(frame, plan.chroma);
  jpeg_set_quality(&jpeg_, plan.quality, TRUE);
  jpeg_.restart_interval = plan.restart_interval;
  jpeg_.raw_data_in = frame.format == PixelFormat::i420 ? TRUE : FALSE;
  jpeg_start_compress(&jpeg_, TRUE);
  if (jpeg_.raw_data_in) {
    write_i420(frame, first_row);
  } else {
    write_rows(frame, first_row);
  }
  jpeg_finish_compress(&jpeg_);
  return true;
}

void JpegStripEncoder::set_color_space(const media::Frame& frame, Chroma chroma) {
  switch (frame.format) {
    case PixelFormat::gray8:
      jpeg_.input_components = 1;
      jpeg_.in_color_space = JCS_GRAYSCALE;
      break;
    case PixelFormat::bgr24:
      jpeg_.input_components = 3;
      jpeg_.in_color_space = JCS_EXT_BGR;
      break;
    case PixelFormat::bgra32:
      jpeg_.input_components = 4;
      jpeg_.in_color_space = JCS_EXT_BGRX;
      break;
    case PixelFormat::i420:
      jpeg_.input_components = 3;
      jpeg_.in_color_space = JCS_YCbCr;
      break;
    default:
      break;  // refused before
  }
  jpeg_set_defaults(&jpeg_);
  if (frame.format == PixelFormat::gray8) return;
  const Mcu mcu = mcu_of(frame.format, chroma);
  jpeg_.comp_info[0].h_samp_factor = mcu.width / 8;
  jpeg_.comp_info[0].v_samp_factor = mcu.height / 8;
}

void JpegStripEncoder::write_rows(const media::Frame& frame, int first_row) {
  std::array<JSAMPROW, media::kMcuLumaRows> rows;
  const auto& plane = frame.planes[0];
  while (jpeg_.next_scanline < jpeg_.image_height) {
    const auto n = std::min<size_t>(rows.size(), jpeg_.image_height - jpeg_.next_scanline);
    const size_t row = static_cast<size_t>(first_row) + jpeg_.next_scanline;
    for (size_t i = 0; i < n; ++i) rows[i] = plane.data + (row + i) * plane.stride;
    jpeg_write_scanlines(&jpeg_, rows.data(), static_cast<JDIMENSION>(n));
  }
}

// Room for rows that are widened to whole blocks; before setjmp, because it may allocate.
void JpegStripEncoder::prepare_padding(const media::Frame& frame) {
  padding_.clear();
  if (frame.format != PixelFormat::i420 || frame.width % media::kMcuLumaRows == 0) return;
  padding_.resize(static_cast<size_t>(media::round_up_to_mcu(frame.width)) *
                  (media::kMcuLumaRows + media::kMcuChromaRows));
}

// Row `row` of a plane as libjpeg wants it: whole blocks wide, the last row and column
// repeated beyond the picture.
JSAMPROW JpegStripEncoder::padded_row(const media::Frame& frame, int plane, int row, uint8_t* scratch) {
  const auto shape = media::plane_shape(PixelFormat::i420, frame.width, frame.height, plane);
  const auto& p = frame.planes[static_cast<size_t>(plane)];
  uint8_t* from = p.data + static_cast<size_t>(std::min(row, shape.rows - 1)) * p.stride;
  const int wide = media::round_up_to_mcu(frame.width) / (plane > 0 ? 2 : 1);
  if (shape.width_bytes == wide) return from;
  std::memcpy(scratch, from, static_cast<size_t>(shape.width_bytes));
  std::memset(scratch + shape.width_bytes, from[shape.width_bytes - 1],
              static_cast<size_t>(wide - shape.width_bytes));
  return scratch;
}

void JpegStripEncoder::write_i420(const media::Frame& frame, int first_row) {
  std::array<JSAMPROW, media::kMcuLumaRows> y;
  std::array<JSAMPROW, media::kMcuChromaRows> u, v;
  JSAMPARRAY planes[3] = {y.data(), u.data(), v.data()};
  const auto wide = static_cast<size_t>(media::round_up_to_mcu(frame.width));
  while (jpeg_.next_scanline < jpeg_.image_height) {
    const int row = first_row + static_cast<int>(jpeg_.next_scanline);
    uint8_t* scratch = padding_.data();
    for (int i = 0; i < media::kMcuLumaRows; ++i, scratch += padding_.empty() ? 0 : wide) {
      y[static_cast<size_t>(i)] = padded_row(frame, 0, row + i, scratch);
    }
    for (int i = 0; i < media::kMcuChromaRows; ++i, scratch += padding_.empty() ? 0 : wide) {
      u[static_cast<size_t>(i)] = padded_row(frame, 1, row / 2 + i, scratch);
      v[static_cast<size_t>(i)] =
          padded_row(frame, 2, row / 2 + i, padding_.empty() ? nullptr : scratch + wide / 2);
    }
    jpeg_write_raw_data(&jpeg_, planes, media::kMcuLumaRows);
  }
}

}  // namespace glimt::encode

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "encode/encoder.hpp"
#include "media/jpeg_error.hpp"
#include "media/jpeg_layout.hpp"

namespace glimt::encode {
namespace {

// libjpeg writes straight into a pooled buffer that grows.
struct BufferDestination : jpeg_destination_mgr {
  media::Buffer* buffer = nullptr;

  void attach(media::Buffer& to, size_t expected) {
    buffer = &to;
    buffer->reserve(std::max<size_t>(expected, 4096));
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
  size_t size() const { return buffer->capacity() - free_in_buffer; }
};

class JpegEncoder final : public Encoder {
 public:
  explicit JpegEncoder(const EncoderOptions& options) : quality_(options.quality) {
    jpeg_.err = error_.attach();
    jpeg_create_compress(&jpeg_);
    jpeg_.dest = &destination_;
  }
  ~JpegEncoder() override { jpeg_destroy_compress(&jpeg_); }

  Result<void> encode(const media::Frame& frame, media::StripSink& sink) override {
    if (media::bytes_per_sample(frame.format) > 1) {
      return Error{ErrorKind::unsupported, "JPEG has 8 bits a sample, this picture is " +
                                               std::string(to_string(frame.format)) +
                                               "; send it with --codec raw"};
    }
    auto buffer = buffers_.take();
    destination_.attach(*buffer, expected_bytes_);
    prepare_padding(frame);
    if (!compress(frame)) {
      jpeg_abort_compress(&jpeg_);
      return Error{ErrorKind::unsupported, std::string("this picture cannot be JPEG: ") + error_.text};
    }
    const size_t size = destination_.size();
    expected_bytes_ = size * 5 / 4;
    auto unit = units_.take();
    unit->clear();
    describe(frame, Codec::jpeg, unit->info);
    sink.begin(unit);
    sink.strip(unit, {buffer, {buffer->data(), size}, 0});
    sink.end(unit);
    return {};
  }

 private:
  bool compress(const media::Frame& frame) {
    if (setjmp(error_.out) != 0) return false;
    jpeg_.image_width = static_cast<JDIMENSION>(frame.width);
    jpeg_.image_height = static_cast<JDIMENSION>(frame.height);
    set_color_space(frame.format);
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality_, TRUE);
    if (frame.format == PixelFormat::i420) {
      jpeg_.raw_data_in = TRUE;
    }
    jpeg_start_compress(&jpeg_, TRUE);
    if (frame.format == PixelFormat::i420) {
      write_i420(frame);
    } else {
      write_rows(frame);
    }
    jpeg_finish_compress(&jpeg_);
    return true;
  }

  void set_color_space(PixelFormat format) {
    jpeg_.input_components = format == PixelFormat::gray8 ? 1 : format == PixelFormat::bgra32 ? 4 : 3;
    switch (format) {
      case PixelFormat::gray8:
        jpeg_.in_color_space = JCS_GRAYSCALE;
        break;
      case PixelFormat::bgr24:
        jpeg_.in_color_space = JCS_EXT_BGR;
        break;
      case PixelFormat::bgra32:
        jpeg_.in_color_space = JCS_EXT_BGRX;
        break;
      case PixelFormat::i420:
        jpeg_.in_color_space = JCS_YCbCr;
        break;
      default:
        break;  // refused by encode()
    }
  }

  void write_rows(const media::Frame& frame) {
    std::array<JSAMPROW, media::kMcuLumaRows> rows;
    while (jpeg_.next_scanline < jpeg_.image_height) {
      const auto n = std::min<size_t>(rows.size(), jpeg_.image_height - jpeg_.next_scanline);
      for (size_t i = 0; i < n; ++i) {
        rows[i] = frame.planes[0].data + (jpeg_.next_scanline + i) * frame.planes[0].stride;
      }
      jpeg_write_scanlines(&jpeg_, rows.data(), static_cast<JDIMENSION>(n));
    }
  }

  // Room for rows that are widened to whole blocks; before setjmp, because it may allocate.
  void prepare_padding(const media::Frame& frame) {
    if (frame.format != PixelFormat::i420 || frame.width % media::kMcuLumaRows == 0) return;
    padding_.resize(static_cast<size_t>(media::round_up_to_mcu(frame.width)) *
                    (media::kMcuLumaRows + media::kMcuChromaRows));
  }

  // Row `row` of a plane as libjpeg wants it: whole blocks wide, the last row and column
  // repeated beyond the picture.
  JSAMPROW padded_row(const media::Frame& frame, int plane, int row, uint8_t* scratch) {
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

  void write_i420(const media::Frame& frame) {
    std::array<JSAMPROW, media::kMcuLumaRows> y;
    std::array<JSAMPROW, media::kMcuChromaRows> u, v;
    JSAMPARRAY planes[3] = {y.data(), u.data(), v.data()};
    const auto wide = static_cast<size_t>(media::round_up_to_mcu(frame.width));
    while (jpeg_.next_scanline < jpeg_.image_height) {
      const int row = static_cast<int>(jpeg_.next_scanline);
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

  const int quality_;
  media::JpegError error_;
  jpeg_compress_struct jpeg_{};
  BufferDestination destination_;
  std::vector<uint8_t> padding_;
  size_t expected_bytes_ = 0;
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_;
};

}  // namespace

std::unique_ptr<Encoder> make_jpeg_encoder(const EncoderOptions& options) {
  return std::make_unique<JpegEncoder>(options);
}

}  // namespace glimt::encode

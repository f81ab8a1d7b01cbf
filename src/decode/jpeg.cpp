#include <algorithm>
#include <array>

#include "decode/decoder.hpp"
#include "media/jpeg_error.hpp"
#include "media/jpeg_layout.hpp"

namespace glimt::decode {
namespace {

class JpegDecoder final : public Decoder {
 public:
  explicit JpegDecoder(const DecoderOptions& options) : options_(options) {
    jpeg_.err = error_.attach();
    jpeg_create_decompress(&jpeg_);
  }
  ~JpegDecoder() override { jpeg_destroy_decompress(&jpeg_); }

  Result<void> begin(const media::UnitInfo& info) override {
    frame_ = {};
    if (info.strips != 1) return Error{ErrorKind::malformed, "a JPEG in more than one strip"};
    width_ = info.width;
    height_ = info.height;
    const auto fits = media::check_size(options_.format.value_or(PixelFormat::bgr24), width_, height_,
                                        options_.max_frame_bytes);
    return fits ? fits : Error{ErrorKind::exhausted, fits.error().message};
  }

  Result<void> strip(const media::Strip& strip) override {
    error_.num_warnings = 0;
    error_.text[0] = '\0';
    if (!read_header(strip.bytes)) return malformed();
    if (static_cast<int>(jpeg_.image_width) != width_ || static_cast<int>(jpeg_.image_height) != height_ ||
        (jpeg_.num_components != 1 && jpeg_.num_components != 3)) {
      jpeg_abort_decompress(&jpeg_);
      return Error{ErrorKind::malformed, "a JPEG that is not what its descriptor says"};
    }
    choose_format();
    if (!decompress() || error_.num_warnings > 0) return malformed();
    return {};
  }

  Result<media::Frame> end() override {
    if (frame_.empty()) return Error{ErrorKind::malformed, "a picture without strips"};
    return std::move(frame_);
  }

 private:
  Error malformed() {
    jpeg_abort_decompress(&jpeg_);
    frame_ = {};
    return {ErrorKind::malformed, std::string("a JPEG that does not decode cleanly: ") + error_.text};
  }

  bool read_header(Bytes bytes) {
    if (setjmp(error_.out) != 0) return false;
    jpeg_mem_src(&jpeg_, const_cast<uint8_t*>(bytes.data()), bytes.size());
    return jpeg_read_header(&jpeg_, TRUE) == JPEG_HEADER_OK;
  }

  bool is_420() const {
    const auto* c = jpeg_.comp_info;
    return jpeg_.num_components == 3 && jpeg_.jpeg_color_space == JCS_YCbCr && c[0].h_samp_factor == 2 &&
           c[0].v_samp_factor == 2 && c[1].h_samp_factor == 1 && c[1].v_samp_factor == 1 &&
           c[2].h_samp_factor == 1 && c[2].v_samp_factor == 1;
  }

  // Where the frame will lie; allocates, so it stands outside of setjmp.
  void choose_format() {
    const bool grey = jpeg_.num_components == 1;
    PixelFormat format = options_.format.value_or(grey ? PixelFormat::gray8 : PixelFormat::bgr24);
    if (media::bytes_per_sample(format) > 1) format = grey ? PixelFormat::gray8 : PixelFormat::bgr24;
    if (format == PixelFormat::i420 && !is_420()) format = grey ? PixelFormat::gray8 : PixelFormat::bgr24;
    // Fancy upsampling reads the rows of neighbouring strips, and costs 8 % more of the decode.
    jpeg_.do_fancy_upsampling = FALSE;
    jpeg_.raw_data_out = FALSE;
    switch (format) {
      case PixelFormat::gray8:
        jpeg_.out_color_space = JCS_GRAYSCALE;
        break;
      case PixelFormat::bgr24:
        jpeg_.out_color_space = JCS_EXT_BGR;
        break;
      case PixelFormat::bgra32:
        jpeg_.out_color_space = JCS_EXT_BGRA;
        break;
      case PixelFormat::i420:
        jpeg_.raw_data_out = TRUE;
        frame_ = make_block_aligned_i420();
        return;
      default:
        break;
    }
    frame_ = media::make_frame(buffers_, format, width_, height_);
  }

  // libjpeg writes whole blocks: planes with room beyond the picture's right and lower edge.
  media::Frame make_block_aligned_i420() {
    const auto wide = static_cast<size_t>(media::round_up_to_mcu(width_));
    const auto high = static_cast<size_t>(media::round_up_to_mcu(height_));
    auto buffer = buffers_.take();
    buffer->reserve(wide * high * 3 / 2);
    media::Frame frame;
    frame.format = PixelFormat::i420;
    frame.width = width_;
    frame.height = height_;
    frame.planes[0] = {buffer->data(), wide};
    frame.planes[1] = {buffer->data() + wide * high, wide / 2};
    frame.planes[2] = {buffer->data() + wide * high * 5 / 4, wide / 2};
    frame.owner = std::move(buffer);
    return frame;
  }

  bool decompress() {
    if (setjmp(error_.out) != 0) return false;
    jpeg_start_decompress(&jpeg_);
    if (jpeg_.raw_data_out) {
      read_i420();
    } else {
      read_rows();
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  void read_rows() {
    std::array<JSAMPROW, media::kMcuLumaRows> rows;
    while (jpeg_.output_scanline < jpeg_.output_height) {
      const auto n = std::min<size_t>(rows.size(), jpeg_.output_height - jpeg_.output_scanline);
      for (size_t i = 0; i < n; ++i) {
        rows[i] = frame_.planes[0].data + (jpeg_.output_scanline + i) * frame_.planes[0].stride;
      }
      jpeg_read_scanlines(&jpeg_, rows.data(), static_cast<JDIMENSION>(n));
    }
  }

  void read_i420() {
    std::array<JSAMPROW, media::kMcuLumaRows> y;
    std::array<JSAMPROW, media::kMcuChromaRows> u, v;
    JSAMPARRAY planes[3] = {y.data(), u.data(), v.data()};
    while (jpeg_.output_scanline < jpeg_.output_height) {
      const size_t row = jpeg_.output_scanline;
      for (size_t i = 0; i < media::kMcuLumaRows; ++i)
        y[i] = frame_.planes[0].data + (row + i) * frame_.planes[0].stride;
      for (size_t i = 0; i < media::kMcuChromaRows; ++i) {
        u[i] = frame_.planes[1].data + (row / 2 + i) * frame_.planes[1].stride;
        v[i] = frame_.planes[2].data + (row / 2 + i) * frame_.planes[2].stride;
      }
      jpeg_read_raw_data(&jpeg_, planes, media::kMcuLumaRows);
    }
  }

  const DecoderOptions options_;
  media::JpegError error_;
  jpeg_decompress_struct jpeg_{};
  int width_ = 0, height_ = 0;
  media::Frame frame_;
  media::BufferPool buffers_;
};

}  // namespace

std::unique_ptr<Decoder> make_jpeg_decoder(const DecoderOptions& options) {
  return std::make_unique<JpegDecoder>(options);
}

}  // namespace glimt::decode

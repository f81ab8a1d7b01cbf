// codec_reference: what encode and decode of the test picture cost by libjpeg-turbo's jpeglib.h alone, in one
// thread: the bound that captured→decoded is held against.
//
//   codec_reference [--size 1280x720] [--quality 80] [--seconds 5] [--fps 30 | --fps 0] [--fancy]
//   output   one JSON line; --fps 0: back to back
#include <thread>

#include "measure.hpp"
#include "media/jpeg_error.hpp"
#include "source/frame_source.hpp"

namespace glimt::bench {
namespace {

class Jpeg {
 public:
  Jpeg(int width, int height, int quality, bool fancy)
      : width_(width),
        height_(height),
        quality_(quality),
        fancy_(fancy),
        pixels_(size_t(width) * size_t(height) * 3) {
    error_.attach();
    encoder_.err = decoder_.err = &error_;
    jpeg_create_compress(&encoder_);
    jpeg_create_decompress(&decoder_);
  }
  ~Jpeg() {
    jpeg_destroy_compress(&encoder_);
    jpeg_destroy_decompress(&decoder_);
    std::free(out_);
  }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;

  void encode(const media::Frame& frame) {
    if (setjmp(error_.out) != 0) give_up(error_.text);
    size_ = capacity_;
    jpeg_mem_dest(&encoder_, &out_, &size_);
    encoder_.image_width = static_cast<JDIMENSION>(width_);
    encoder_.image_height = static_cast<JDIMENSION>(height_);
    encoder_.input_components = 3;
    encoder_.in_color_space = JCS_EXT_BGR;
    jpeg_set_defaults(&encoder_);
    jpeg_set_quality(&encoder_, quality_, TRUE);
    jpeg_start_compress(&encoder_, TRUE);
    JSAMPROW rows[16];
    while (encoder_.next_scanline < encoder_.image_height) {
      const JDIMENSION n = rows_from(rows, frame.planes[0].data, encoder_.next_scanline);
      jpeg_write_scanlines(&encoder_, rows, n);
    }
    jpeg_finish_compress(&encoder_);
    capacity_ = std::max(capacity_, size_);
  }

  void decode() {
    if (setjmp(error_.out) != 0) give_up(error_.text);
    jpeg_mem_src(&decoder_, out_, size_);
    jpeg_read_header(&decoder_, TRUE);
    decoder_.out_color_space = JCS_EXT_BGR;
    decoder_.do_fancy_upsampling = fancy_ ? TRUE : FALSE;
    jpeg_start_decompress(&decoder_);
    JSAMPROW rows[16];
    while (decoder_.output_scanline < decoder_.output_height) {
      const JDIMENSION n = rows_from(rows, pixels_.data(), decoder_.output_scanline);
      jpeg_read_scanlines(&decoder_, rows, n);
    }
    jpeg_finish_decompress(&decoder_);
  }
  size_t size() const { return size_; }

 private:
  JDIMENSION rows_from(JSAMPROW* rows, uint8_t* pixels, JDIMENSION first) const {
    const JDIMENSION n = std::min<JDIMENSION>(16, static_cast<JDIMENSION>(height_) - first);
    for (JDIMENSION i = 0; i < n; ++i) rows[i] = pixels + size_t(first + i) * size_t(width_) * 3;
    return n;
  }

  const int width_, height_, quality_;
  const bool fancy_;
  media::JpegError error_;
  jpeg_compress_struct encoder_{};
  jpeg_decompress_struct decoder_{};
  unsigned char* out_ = nullptr;
  unsigned long size_ = 0, capacity_ = 0;
  std::vector<uint8_t> pixels_;
};

struct Times {
  Samples encode, decode, sum;
  size_t bytes = 0;
};

Times measure(source::FrameSource& source, Jpeg& jpeg, double fps, double seconds) {
  Times times;
  const Instant start = now();
  Instant due = start;
  for (int n = 0; now() - start < std::chrono::duration<double>(seconds); ++n) {
    if (fps > 0) std::this_thread::sleep_until(due += Duration(static_cast<int64_t>(1e9 / fps)));
    const auto picture = source.read();  // painted anew, as for `glimt send test:`; not timed there either
    const auto& frame = std::get<media::Frame>(**picture);
    const Instant a = now();
    jpeg.encode(frame);
    const Instant b = now();
    jpeg.decode();
    const Instant c = now();
    if (n < 5) continue;  // warming up
    times.encode.add(b - a);
    times.decode.add(c - b);
    times.sum.add(c - a);
    times.bytes += jpeg.size();
  }
  return times;
}

int run(const Arguments& arguments) {
  const auto size_text = arguments.get("--size", "1280x720");
  const auto [width, height] = parse_size(size_text).value();
  const int quality = static_cast<int>(arguments.number("--quality", 80));
  const double fps = arguments.number("--fps", 30);
  const bool fancy = arguments.has("--fancy");
  source::SourceOptions options;
  options.size = {width, height};
  options.fast = true;
  auto source = source::open_pattern(Url::parse("test:").value(), options).value();
  Jpeg jpeg(width, height, quality, fancy);
  Times t = measure(*source, jpeg, fps, arguments.number("--seconds", 5));
  std::printf(
      "{\"size\":\"%s\",\"quality\":%d,\"fps\":%g,\"fancy\":%s,\"bytes\":%zu,\"encode\":%s,\"decode\":%s,"
      "\"sum\":%s}\n",
      size_text.c_str(), quality, fps, fancy ? "true" : "false", t.bytes / std::max<size_t>(1, t.sum.size()),
      t.encode.json().c_str(), t.decode.json().c_str(), t.sum.json().c_str());
  return 0;
}

}  // namespace
}  // namespace glimt::bench

int main(int argc, char** argv) { return glimt::bench::run(glimt::bench::Arguments(argc, argv)); }

#include "decode/decoder.hpp"

namespace glimt::decode {
namespace {

// A view of the bytes that came: nothing is copied.
class RawDecoder final : public Decoder {
 public:
  explicit RawDecoder(const DecoderOptions& options) : options_(options) {}

  Result<void> begin(const media::UnitInfo& info) override {
    frame_ = {};
    if (info.strips != 1) return Error{ErrorKind::malformed, "a raw picture in more than one strip"};
    format_ = info.format;
    width_ = info.width;
    height_ = info.height;
    const auto fits = media::check_size(format_, width_, height_, options_.max_frame_bytes);
    return fits ? fits : Error{ErrorKind::exhausted, fits.error().message};
  }

  Result<void> strip(const media::Strip& strip) override {
    if (strip.bytes.size() != media::packed_size(format_, width_, height_)) {
      return Error{ErrorKind::malformed, "a raw picture of the wrong length"};
    }
    frame_ =
        media::frame_over(strip.owner, const_cast<uint8_t*>(strip.bytes.data()), format_, width_, height_);
    return {};
  }

  Result<media::Frame> end() override {
    if (frame_.empty()) return Error{ErrorKind::malformed, "a picture without strips"};
    return std::move(frame_);
  }

 private:
  const DecoderOptions options_;
  PixelFormat format_ = PixelFormat::bgr24;
  int width_ = 0, height_ = 0;
  media::Frame frame_;
};

}  // namespace

std::unique_ptr<Decoder> make_raw_decoder(const DecoderOptions& options) {
  return std::make_unique<RawDecoder>(options);
}

}  // namespace glimt::decode

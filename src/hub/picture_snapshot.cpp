#include "hub/picture_snapshot.hpp"

#include "encode/encoder.hpp"
#include "filter/convert.hpp"
#include "hub/picture_fit.hpp"

namespace glimt::hub {
namespace {

constexpr int kQuality = 90;

class Collector final : public media::StripSink {
 public:
  explicit Collector(std::vector<uint8_t>& bytes) : bytes_(bytes) {}
  void begin(const Ref<media::AccessUnit>&) override {}
  void strip(const Ref<media::AccessUnit>&, const media::Strip& strip) override {
    bytes_.insert(bytes_.end(), strip.bytes.begin(), strip.bytes.end());
  }
  void end(const Ref<media::AccessUnit>&) override {}
  void abandon(const Ref<media::AccessUnit>&) override { bytes_.clear(); }

 private:
  std::vector<uint8_t>& bytes_;
};

// One thread: the stream's own pictures come first.
Result<std::vector<uint8_t>> encode_jpeg(media::Frame frame) {
  filter::Converter converter;
  if (media::bytes_per_sample(frame.format) > 1)
    frame = converter.convert(std::move(frame), PixelFormat::bgr24);
  auto encoder = encode::make_encoder(Codec::jpeg, {.quality = kQuality, .workers = 1});
  if (!encoder) return encoder.error();
  std::vector<uint8_t> bytes;
  Collector collector(bytes);
  if (auto done = (*encoder)->encode(frame, collector); !done) return done.error();
  return bytes;
}

Result<std::vector<uint8_t>> jpeg_of(const source::Picture& picture) {
  if (const auto* frame = std::get_if<media::Frame>(&picture)) return encode_jpeg(*frame);
  const auto& unit = *std::get<Ref<media::AccessUnit>>(picture);
  if (unit.info.codec == Codec::jpeg) {
    media::Buffer scratch;
    const Bytes bytes = unit.joined(scratch);
    return std::vector<uint8_t>(bytes.begin(), bytes.end());
  }
  auto frame = pipeline::UnitDecoder({}).decode(unit);
  return frame ? encode_jpeg(std::move(*frame)) : frame.error();
}

}  // namespace

Result<Snapshot> make_snapshot(const source::Picture& picture, Instant now) {
  auto jpeg = jpeg_of(picture);
  if (!jpeg) return jpeg.error();
  const auto [width, height] = size_of(picture);
  return Snapshot{std::move(*jpeg), width, height, to_ms(now - stamps_of(picture).captured_at)};
}

}  // namespace glimt::hub

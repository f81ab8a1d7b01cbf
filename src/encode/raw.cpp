#include "encode/encoder.hpp"

namespace glimt::encode {
namespace {

// The pixels as they are; copied only where rows or planes have gaps between them.
class RawEncoder final : public Encoder {
 public:
  Result<void> encode(const media::Frame& frame, media::StripSink& sink) override {
    const size_t size = media::packed_size(frame.format, frame.width, frame.height);
    media::Strip strip{frame.owner, {frame.planes[0].data, size}, 0};
    if (!frame.is_packed()) {
      auto buffer = buffers_.take();
      buffer->reserve(size);
      media::copy_packed(frame, buffer->data());
      strip.bytes = {buffer->data(), size};
      strip.owner = buffer;
    }
    auto unit = units_.take();
    unit->clear();
    describe(frame, Codec::raw, unit->info);
    sink.begin(unit);
    sink.strip(unit, strip);
    sink.end(unit);
    return {};
  }

 private:
  Pool<media::AccessUnit> units_;
  media::BufferPool buffers_;
};

}  // namespace

std::unique_ptr<Encoder> make_raw_encoder() { return std::make_unique<RawEncoder>(); }

}  // namespace glimt::encode

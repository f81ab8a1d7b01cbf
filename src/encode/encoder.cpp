#include "encode/encoder.hpp"

#include "base/module.hpp"

namespace glimt::encode {

Result<std::unique_ptr<Encoder>> make_encoder(Codec codec, const EncoderOptions& options) {
  switch (codec) {
    case Codec::jpeg:
      return make_jpeg_encoder(options);
    case Codec::raw:
      return make_raw_encoder();
    case Codec::h264: {
      const auto address = open_module("h264", "glimt_open_h264_encoder");
      if (!address) return address.error();
      return (*static_cast<decltype(&open_h264_encoder)*>(*address))(options);
    }
  }
  return Error{ErrorKind::unsupported, "unknown codec; known: jpeg, raw, h264"};
}

void describe(const media::Frame& frame, Codec codec, media::UnitInfo& info) {
  info.codec = codec;
  info.format = frame.format;
  info.width = frame.width;
  info.height = frame.height;
  info.strips = 1;
  info.key = true;
  info.again = frame.again;
  info.clock_id = clock_id();
  info.metadata = frame.metadata;
  info.stamps = {};
  info.stamps.captured_at = frame.stamps.captured_at;
  info.stamps.encoded_at = now();
}

}  // namespace glimt::encode

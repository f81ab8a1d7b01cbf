// Encoder: a frame to an access unit, strip by strip.
//
//   input    frames of any size and format; size and format may change from one to the next
//   output   begin, strip…, end into the sink; strips own their bytes
//   errors   unsupported for a format the codec cannot carry; nothing was emitted then, or it was abandoned
//   threads  thread-compatible
//   memory   what the pools keep; none taken once warm
#pragma once

#include <memory>

#include "media/access_unit.hpp"

namespace glimt::encode {

struct EncoderOptions {
  int quality = 80;  // 1..100, JPEG
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Result<void> encode(const media::Frame& frame, media::StripSink& sink) = 0;
};

Result<std::unique_ptr<Encoder>> make_encoder(Codec codec, const EncoderOptions& options);

std::unique_ptr<Encoder> make_jpeg_encoder(const EncoderOptions& options);
std::unique_ptr<Encoder> make_raw_encoder();

// What every encoder says of a frame; encoded_at is now.
void describe(const media::Frame& frame, Codec codec, media::UnitInfo& info);

}  // namespace glimt::encode

// Encoder: a frame to an access unit, strip by strip.
//
//   input    frames of any size and format; size and format may change from one to the next
//   output   begin, strip…, end into the sink, strips in the order of their index, each as soon as it is ready; strips own
//            their bytes. The sink is called by one thread at a time, not always the same
//   errors   unsupported for a format the codec cannot carry; nothing was emitted then, or it was abandoned
//   threads  thread-compatible; may have threads of its own, at work during encode() only
//   memory   what the pools keep; none taken once warm
#pragma once

#include <memory>

#include "media/access_unit.hpp"

namespace glimt::encode {

struct EncoderOptions {
  int quality = 80;              // 1..100, JPEG
  Chroma chroma = Chroma::c420;  // JPEG
  int workers =
      0;  // threads that encode one picture; 0: as many as there are processors, at most kMostWorkers
  int strips = 0;  // JPEG, at most; 0: as many as the picture is worth
};

inline constexpr int kMostWorkers = 4;

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Result<void> encode(const media::Frame& frame, media::StripSink& sink) = 0;
};

Result<std::unique_ptr<Encoder>> make_encoder(Codec codec, const EncoderOptions& options);

std::unique_ptr<Encoder> make_jpeg_encoder(const EncoderOptions& options);
std::unique_ptr<Encoder> make_raw_encoder();

// What every encoder says of a frame, whose strips are to be counted yet; encoded_at, when its first strip is ready, is now.
void describe(const media::Frame& frame, Codec codec, media::UnitInfo& info);

}  // namespace glimt::encode

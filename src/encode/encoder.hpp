// Encoder: a frame to an access unit, strip by strip.
//
//   input    frames of any size and format; size and format may change from one to the next
//   output   begin, strip…, end into the sink, strips in the order of their index, each as soon as it is ready; strips own
//            their bytes. The sink is called by one thread at a time, not always the same
//   errors   unsupported for a format the codec cannot carry; nothing was emitted then, or it was abandoned. Opening
//            H.264: with the cure where no encoder works
//   threads  thread-compatible; may have threads of its own, at work during encode() only
//   memory   what the pools keep; none taken once warm
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "media/access_unit.hpp"

namespace glimt::encode {

struct EncoderOptions {
  int quality = 80;              // 1..100, JPEG and H.264
  Chroma chroma = Chroma::c420;  // JPEG
  int workers =
      0;  // threads that encode one picture; 0: as many as there are processors, at most kMostWorkers
  int strips = 0;  // JPEG, at most; 0: as many as the picture is worth
  // H.264 only. Empty: the best that works.
  std::string encoder;
  // H.264 only, bits per second at most. Nothing: by size and frame rate.
  std::optional<double> bitrate_bps;
  // H.264 only: a band of each picture is encoded afresh in place of key frames that nobody asked for.
  bool intra_refresh = false;
};

inline constexpr int kMostWorkers = 4;

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Result<void> encode(const media::Frame& frame, media::StripSink& sink) = 0;
  // The next frame becomes a key frame; of codecs where each is one, nothing.
  virtual void force_key() {}
};

Result<std::unique_ptr<Encoder>> make_encoder(Codec codec, const EncoderOptions& options);

std::unique_ptr<Encoder> make_jpeg_encoder(const EncoderOptions& options);
std::unique_ptr<Encoder> make_raw_encoder();
// In the module glimt_h264.
Result<std::unique_ptr<Encoder>> open_h264_encoder(const EncoderOptions& options);

// What every encoder says of a frame, whose strips are to be counted yet; encoded_at, when its first strip is ready, is now.
void describe(const media::Frame& frame, Codec codec, media::UnitInfo& info);

}  // namespace glimt::encode

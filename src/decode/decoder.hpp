// Decoder: an access unit to a frame, strip by strip, in any order of strips.
//
//   input    begin once, each strip once, conceal for each that never came, end; a begin without an end gives the frame up
//   output   a frame of the wanted format where the codec can deliver it, otherwise of its own; stamps and
//            metadata are for the caller to set. The picture of end() is whole: a strip that does not decode cleanly
//            makes it an error
//   errors   malformed; exhausted where the picture is over the limit; unavailable where it depends on one that was
//            not decoded: nothing before the next key frame can be
//   threads  thread-compatible; may have threads of its own, at work between begin() and end(), on what strips look at
//   memory   frames of the pool, at most max_frame_bytes each; JPEG: of the last picture in strips its bytes, and copies of as many
//            strips of those before it as max_frame_bytes has room for
#pragma once

#include <memory>
#include <optional>

#include "media/access_unit.hpp"

namespace glimt::decode {

struct DecoderOptions {
  std::optional<PixelFormat> format;  // nothing: as it was sent; JPEG and H.264 as bgr24 or gray8
  size_t max_frame_bytes = size_t{64} << 20;
  int workers =
      1;          // threads that decode one picture; 0: as many as there are processors, at most kMostWorkers
  int scale = 1;  // JPEG: at 1/1, 1/2, 1/4 or 1/8 of its sides, rounded up
};

inline constexpr int kMostWorkers = 4;

class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual Result<void> begin(const media::UnitInfo& info) = 0;
  virtual Result<void> strip(const media::Strip& strip) = 0;
  // In place of a strip that never came: what stood there in the picture before. unavailable where there is none that fits.
  virtual Result<void> conceal(int) {
    return Error{ErrorKind::unavailable, "a part is missing, and this codec cannot go without"};
  }
  virtual Result<media::Frame> end() = 0;
};

Result<std::unique_ptr<Decoder>> make_decoder(Codec codec, const DecoderOptions& options);

std::unique_ptr<Decoder> make_jpeg_decoder(const DecoderOptions& options);
std::unique_ptr<Decoder> make_raw_decoder(const DecoderOptions& options);
// In the module glimt_h264.
std::unique_ptr<Decoder> make_h264_decoder(const DecoderOptions& options);

}  // namespace glimt::decode

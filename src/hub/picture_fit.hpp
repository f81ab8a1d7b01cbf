// PictureFit: a picture of a source as the encoding wants it: not too often, not too large, and pixels where the encoder has to see
// them.
//
//   input    pictures of one source, one by one; what is wanted, which may be another for each
//   output   the picture; encoded ones as they came where nothing is to be done to them; empty where it is left out
//   errors   an encoded picture that does not decode cleanly is left out and said once
//   threads  thread-compatible
//   memory   a frame in the decoder, and pools
#pragma once

#include "filter/scale.hpp"
#include "hub/frame_rate_limit.hpp"
#include "hub/settings.hpp"
#include "pipeline/unit_decoder.hpp"
#include "source/frame_source.hpp"

namespace glimt::hub {

struct Fit {
  std::optional<std::pair<int, int>> size;  // at most, its shape kept
  std::optional<double> fps;                // at most
  bool pixels = false;                      // also of pictures that come as JPEG and go as JPEG
};
Fit fit_of(const Encoding& encoding);
// A source that has the choice is to give pixels: its own JPEGs would not do.
bool wants_pixels(const Encoding& encoding);

// Of a picture of `width` by `height`; the same where it fits already.
std::pair<int, int> size_within(int width, int height, std::pair<int, int> most);

class PictureFit {
 public:
  explicit PictureFit(size_t max_frame_bytes) : decoder_({std::nullopt, max_frame_bytes, 0}) {}
  std::optional<source::Picture> apply(source::Picture picture, const Fit& fit);

 private:
  std::optional<media::Frame> decode(const media::AccessUnit& unit);

  FrameRateLimit rate_;
  pipeline::UnitDecoder decoder_;
  filter::Scaler scaler_;
  std::string complaint_;
};

const media::Stamps& stamps_of(const source::Picture& picture);
std::pair<int, int> size_of(const source::Picture& picture);

}  // namespace glimt::hub

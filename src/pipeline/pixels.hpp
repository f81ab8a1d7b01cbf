// Pixels: an encoded picture as a frame, for whoever cannot do with its bytes.
//
//   input    access units of any codec that is known; frames go through as they are
//   output   a frame with the unit's stamps and metadata
//   errors   the decoder's
//   threads  thread-compatible
//   memory   the decoder's
#pragma once

#include "decode/decoder.hpp"
#include "source/frame_source.hpp"

namespace glimt::pipeline {

class Pixels {
 public:
  explicit Pixels(size_t max_frame_bytes) : max_frame_bytes_(max_frame_bytes) {}
  Result<media::Frame> of(const source::Picture& picture);

 private:
  Result<media::Frame> decode(const media::AccessUnit& unit);

  const size_t max_frame_bytes_;
  std::optional<Codec> codec_;
  std::unique_ptr<decode::Decoder> decoder_;
};

}  // namespace glimt::pipeline

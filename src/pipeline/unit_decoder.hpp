// UnitDecoder: whole access units to frames, one by one, where all strips are there already.
//
//   input    a unit with all its strips
//   output   a frame with the unit's times, number and metadata
//   errors   malformed where it does not decode cleanly; unsupported codec
//   threads  thread-compatible
//   memory   frames of a pool, at most max_frame_bytes each
#pragma once

#include "decode/decoder.hpp"

namespace glimt::pipeline {

class UnitDecoder {
 public:
  explicit UnitDecoder(const decode::DecoderOptions& options) : options_(options) {}
  Result<media::Frame> decode(const media::AccessUnit& unit);

 private:
  const decode::DecoderOptions options_;
  std::optional<Codec> codec_;
  std::unique_ptr<decode::Decoder> decoder_;
};

}  // namespace glimt::pipeline

#include "pipeline/pixels.hpp"

namespace glimt::pipeline {

Result<media::Frame> Pixels::of(const source::Picture& picture) {
  if (const auto* frame = std::get_if<media::Frame>(&picture)) return *frame;
  const auto& unit = *std::get<Ref<media::AccessUnit>>(picture);
  if (codec_ != unit.info.codec) {
    auto decoder = decode::make_decoder(unit.info.codec, {std::nullopt, max_frame_bytes_});
    if (!decoder) return decoder.error();
    decoder_ = std::move(*decoder);
    codec_ = unit.info.codec;
  }
  return decode(unit);
}

Result<media::Frame> Pixels::decode(const media::AccessUnit& unit) {
  if (auto begun = decoder_->begin(unit.info); !begun) return begun.error();
  for (const auto& strip : unit.strips) {
    if (auto done = decoder_->strip(strip); !done) return done.error();
  }
  auto frame = decoder_->end();
  if (!frame) return frame;
  frame->stamps = unit.info.stamps;
  frame->metadata = unit.info.metadata;
  return frame;
}

}  // namespace glimt::pipeline

#include "pipeline/unit_decoder.hpp"

namespace glimt::pipeline {

Result<media::Frame> UnitDecoder::decode(const media::AccessUnit& unit) {
  if (codec_ != unit.info.codec) {
    auto decoder = decode::make_decoder(unit.info.codec, options_);
    if (!decoder) return decoder.error();
    decoder_ = std::move(*decoder);
    codec_ = unit.info.codec;
  }
  if (auto begun = decoder_->begin(unit.info); !begun) return begun.error();
  for (const auto& strip : unit.strips) {
    if (auto decoded = decoder_->strip(strip); !decoded) return decoded.error();
  }
  auto frame = decoder_->end();
  if (!frame) return frame;
  frame->stamps = unit.info.stamps;
  frame->number = unit.info.number;
  frame->metadata = unit.info.metadata;
  return frame;
}

}  // namespace glimt::pipeline

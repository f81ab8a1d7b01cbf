#include "pipeline/filter_stage.hpp"

#include "base/log.hpp"

namespace glimt::pipeline {
namespace {

// A decoder for the filter's own thread.
filter::DecodeUnit make_decode(size_t max_frame_bytes) {
  return [max_frame_bytes, decoder = std::shared_ptr<UnitDecoder>()](const media::AccessUnit& unit,
                                                                     PixelFormat format) mutable {
    if (!decoder) decoder = std::make_shared<UnitDecoder>(decode::DecoderOptions{format, max_frame_bytes});
    return decoder->decode(unit);
  };
}

}  // namespace

Result<std::unique_ptr<FilterStage>> FilterStage::open(source::SourceOptions& options) {
  if (options.filter.empty()) return std::unique_ptr<FilterStage>();
  auto filter = filter::open_filter(options.filter, make_decode(options.max_frame_bytes));
  if (!filter) return filter.error();
  options.pixels |= (*filter)->draws();
  return std::unique_ptr<FilterStage>(new FilterStage(std::move(*filter), options.max_frame_bytes));
}

FilterStage::FilterStage(std::unique_ptr<filter::FrameFilter> filter, size_t max_frame_bytes)
    : filter_(std::move(filter)), decoder_({std::nullopt, max_frame_bytes}) {}

std::optional<source::Picture> FilterStage::apply(source::Picture picture) {
  if (auto* frame = std::get_if<media::Frame>(&picture)) return filter_->apply(std::move(*frame));
  auto& unit = *std::get<Ref<media::AccessUnit>>(picture);
  if (!filter_->draws()) {
    filter_->annotate(unit);
    return picture;
  }
  auto frame = decoder_.decode(unit);
  if (frame) return filter_->apply(std::move(*frame));
  if (frame.error().message != complaint_) log::warning("{}", complaint_ = frame.error().message);
  return std::nullopt;
}

}  // namespace glimt::pipeline

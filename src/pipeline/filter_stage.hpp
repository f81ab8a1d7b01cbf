// FilterStage: a filter between source and sender, also for pictures that come encoded.
//
//   input    how the source is to be read; its pictures, one by one
//   output   the picture as the filter leaves it. For a filter that draws an encoded one is decoded; for one that only
//            annotates it stays as it is
//   errors   open: the filter's own. An encoded picture that does not decode cleanly is left out and said once
//   threads  apply() is bound to the capture thread
//   memory   a frame in the decoder, and the filter's
#pragma once

#include "filter/frame_filter.hpp"
#include "pipeline/unit_decoder.hpp"
#include "source/frame_source.hpp"

namespace glimt::pipeline {

class FilterStage {
 public:
  // What the options name, empty where that is nothing. A source that has the choice is then to give pixels to a filter
  // that draws: `options` say so afterwards.
  static Result<std::unique_ptr<FilterStage>> open(source::SourceOptions& options);

  std::optional<source::Picture> apply(source::Picture picture);

 private:
  FilterStage(std::unique_ptr<filter::FrameFilter> filter, size_t max_frame_bytes);

  const std::unique_ptr<filter::FrameFilter> filter_;
  UnitDecoder decoder_;
  std::string complaint_;
};

}  // namespace glimt::pipeline

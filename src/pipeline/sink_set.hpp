// SinkSet: the sinks that still want pictures.
//
//   input    pictures one by one, or that none came for a while
//   output   whether somebody still wants any, and whether the user of one has seen enough
//   errors   of the first sink that was lost; the others go on
//   threads  bound to one thread; with a window to the main thread
//   memory   one picture, where a sink does not take the format
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "filter/convert.hpp"
#include "pipeline/decode_stage.hpp"
#include "sink/frame_sink.hpp"

namespace glimt::pipeline {

class SinkSet {
 public:
  // The sinks outlive the set. `recording`: something goes on also without any of them.
  SinkSet(const std::vector<std::unique_ptr<sink::FrameSink>>& sinks, bool recording);

  // Nobody wants any more.
  bool idle() const { return active_.empty(); }
  // The user of one of them has seen enough.
  bool ended() const { return ended_; }
  const std::optional<Error>& error() const { return error_; }

  // Without a picture where none came for a while. The picture may be in another format afterwards.
  void feed(Received* received);

 private:
  Result<sink::FrameSink::Next> put(sink::FrameSink& sink, Received* received);
  void lost(const Error& why);

  const bool recording_;
  std::vector<sink::FrameSink*> active_;
  filter::Converter converter_;
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace glimt::pipeline

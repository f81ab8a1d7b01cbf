// Preview: what is sent, in a window beside sending.
//
//   input    pictures as they go to the sender, encoded or not; one waits, and the newest wins
//   output   each that is in time, to a sink
//   errors   a sink that was lost is said, and pictures are shown no more; sending goes on
//   threads  put() is thread-safe and does not wait; show() is bound to one thread, a window's to the main thread
//   memory   two pictures
#pragma once

#include "base/queue.hpp"
#include "filter/convert.hpp"
#include "pipeline/unit_decoder.hpp"
#include "sink/frame_sink.hpp"
#include "source/frame_source.hpp"

namespace glimt::pipeline {

class Preview {
 public:
  Preview(std::unique_ptr<sink::FrameSink> sink, size_t max_frame_bytes)
      : sink_(std::move(sink)), decoder_({std::nullopt, max_frame_bytes}) {}

  void put(const source::Picture& picture);
  // Shows what waits or comes until the deadline, at most one. False where the user has closed it.
  bool show(Instant deadline);

 private:
  Result<sink::FrameSink::Next> put_next(Instant deadline);

  Queue<source::Picture> waiting_{1};
  Pool<media::AccessUnit> units_;

  // bound to the thread of show()
  std::unique_ptr<sink::FrameSink> sink_;  // empty once it was lost
  UnitDecoder decoder_;
  filter::Converter converter_;
};

}  // namespace glimt::pipeline

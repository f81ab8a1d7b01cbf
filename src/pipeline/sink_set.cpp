#include "pipeline/sink_set.hpp"

#include "base/log.hpp"

namespace glimt::pipeline {

SinkSet::SinkSet(const std::vector<std::unique_ptr<sink::FrameSink>>& sinks, bool recording)
    : recording_(recording) {
  for (const auto& sink : sinks) active_.push_back(sink.get());
}

void SinkSet::feed(Received* received) {
  std::erase_if(active_, [&](sink::FrameSink* sink) {
    const auto next = put(*sink, received);
    if (!next) lost(next.error());
    ended_ |= next && *next == sink::FrameSink::Next::end;
    return !next || *next != sink::FrameSink::Next::more;
  });
}

Result<sink::FrameSink::Next> SinkSet::put(sink::FrameSink& sink, Received* received) {
  if (!received) return sink.idle();
  if (received->unit) return sink.put_unit(*received->unit);
  if (!sink.takes(received->frame.format)) {
    received->frame = converter_.convert(std::move(received->frame), PixelFormat::bgr24);
  }
  return sink.put(received->frame);
}

void SinkSet::lost(const Error& why) {
  if (!error_) error_ = why;
  if (recording_ || active_.size() > 1) log::error("{}", why.message);  // the run goes on
}

}  // namespace glimt::pipeline

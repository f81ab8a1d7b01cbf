#include "pipeline/run.hpp"

#include "base/log.hpp"
#include "pipeline/ticks.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kLookUp = std::chrono::milliseconds(20);  // how soon a request to stop is noticed

// The sinks that still want pictures.
class SinkSet {
 public:
  SinkSet(const std::vector<std::unique_ptr<sink::FrameSink>>& sinks, bool recording)
      : recording_(recording) {
    for (const auto& sink : sinks) active_.push_back(sink.get());
  }
  // Nobody wants any more.
  bool idle() const { return active_.empty(); }
  // The user of one of them has seen enough.
  bool ended() const { return ended_; }
  // Of the first sink that was lost.
  const std::optional<Error>& error() const { return error_; }

  void feed(Received* received) {
    std::erase_if(active_, [&](sink::FrameSink* sink) {
      const auto next = put(*sink, received);
      if (!next) lost(next.error());
      ended_ |= next && *next == sink::FrameSink::Next::end;
      return !next || *next != sink::FrameSink::Next::more;
    });
  }

 private:
  Result<sink::FrameSink::Next> put(sink::FrameSink& sink, Received* received) {
    if (!received) return sink.idle();
    if (received->unit) return sink.put_unit(*received->unit);
    if (!sink.takes(received->frame.format)) {
      received->frame = converter_.convert(std::move(received->frame), PixelFormat::bgr24);
    }
    return sink.put(received->frame);
  }
  void lost(const Error& why) {
    if (!error_) error_ = why;
    if (recording_ || active_.size() > 1) log::error("{}", why.message);  // the run goes on
  }

  const bool recording_;
  std::vector<sink::FrameSink*> active_;
  filter::Converter converter_;
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace

RunResult run_send(source::FrameSource& source, Sender& sender, const SendStages& stages,
                   const RunOptions& options) {
  Player player(source, sender, {options.max_frames, stages.filter, stages.preview});
  Ticks ticks(now());
  bool closed = false;
  while (!closed && !options.stop && now() < options.end_at) {
    if (stages.preview) closed = !stages.preview->show(now() + kLookUp);
    if (player.wait(stages.preview ? Instant::min() : now() + kLookUp)) break;
    if (options.tick && ticks.due(now())) options.tick();
  }
  const auto result = player.stop();
  const bool left = options.stop || closed;
  sender.close(left ? wire::CloseReason::leaving : wire::CloseReason::end_of_stream);
  return result;
}

RunResult run_receive(Receiver& receiver, const std::vector<std::unique_ptr<sink::FrameSink>>& sinks,
                      const RunOptions& options) {
  RunResult result;
  Ticks ticks(now());
  SinkSet set(sinks, options.recording);
  while (!set.ended() && !options.stop && result.frames < options.max_frames && now() < options.end_at) {
    if (set.idle()) {
      if (!options.recording) break;
      receiver.stop_decoding();
    }
    auto received = receiver.read(kLookUp);
    if (!received && received.error().kind == ErrorKind::disconnected) break;
    set.feed(received ? &*received : nullptr);
    if (received) {
      ++result.frames;
      receiver.note_shown(*received);
    }
    if (options.tick && ticks.due(now())) options.tick();
  }
  result.error = set.error();
  return result;
}

}  // namespace glimt::pipeline

#include "pipeline/run.hpp"

#include "pipeline/sink_set.hpp"
#include "pipeline/ticks.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kLookUp = std::chrono::milliseconds(20);  // how soon a request to stop is noticed

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

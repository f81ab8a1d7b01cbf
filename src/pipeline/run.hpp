// Run: a source into a sender, a receiver into sinks, until the end, a limit or a request to stop.
//
//   input    what is open already
//   output   how many pictures went through
//   errors   of the source, or of the first sink that was lost; what came before stands, and other sinks go on
//   threads  run_send: a Player reads the source; ticks and preview on the caller's. run_receive:
//            everything on the caller's, because a window wants the main thread
//   memory   none of its own
#pragma once

#include <functional>
#include <vector>

#include "pipeline/player.hpp"
#include "pipeline/receiver.hpp"
#include "sink/frame_sink.hpp"

namespace glimt::pipeline {

struct RunOptions {
  const std::atomic<bool>& stop;
  uint64_t max_frames = Player::kNoLimit;
  Instant end_at = Instant::max();
  std::function<void()> tick;  // once a second
  bool recording = false;      // go on, without decoding, also when no sink wants any more
};

// What may stand between source and sender. Ends where the user closes the preview.
struct SendStages {
  FilterStage* filter = nullptr;
  Preview* preview = nullptr;
};

RunResult run_send(source::FrameSource& source, Sender& sender, const SendStages& stages,
                   const RunOptions& options);
RunResult run_receive(Receiver& receiver, const std::vector<std::unique_ptr<sink::FrameSink>>& sinks,
                      const RunOptions& options);

}  // namespace glimt::pipeline

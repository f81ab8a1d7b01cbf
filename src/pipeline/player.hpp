// Player: reads a source into a sender on a thread of its own, through a filter and past a preview where there are such.
//
//   input    a source that is open; its pictures go to the sender until the source's end, a limit or stop()
//   output   how many went, and why no more came
//   errors   of a source that was lost; what came before stands
//   threads  thread-safe; the source is read on the player's thread
//   memory   none of its own
#pragma once

#include <limits>
#include <optional>

#include "base/mutex.hpp"
#include "base/thread.hpp"
#include "pipeline/filter_stage.hpp"
#include "pipeline/preview.hpp"
#include "pipeline/sender.hpp"
#include "source/frame_source.hpp"

namespace glimt::pipeline {

struct RunResult {
  uint64_t frames = 0;
  std::optional<Error> error;
};

class Player {
 public:
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  struct Options {
    uint64_t max_frames = kNoLimit;
    FilterStage* filter = nullptr;
    Preview* preview = nullptr;
  };

  // All that is given outlives the player.
  Player(source::FrameSource& source, Sender& sender, const Options& options);
  ~Player() { stop(); }

  // The result once no further picture comes; empty where the deadline passed first.
  std::optional<RunResult> wait(Instant deadline);
  // After it returns no further picture comes. The sender goes on.
  RunResult stop();

 private:
  void play();
  RunResult read_source();
  void hand_on(source::Picture picture, bool patient);

  source::FrameSource& source_;
  Sender& sender_;
  const Options options_;
  std::atomic<bool> stop_{false};

  Mutex m_;
  Condition ended_;
  std::optional<RunResult> result_ GLIMT_GUARDED_BY(m_);

  Thread thread_;  // last: it uses all of the above
};

}  // namespace glimt::pipeline

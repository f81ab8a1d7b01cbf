#include "pipeline/run.hpp"

#include "pipeline/sink_set.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kLookUp = std::chrono::milliseconds(20);  // how soon a request to stop is noticed
constexpr auto kTickEvery = std::chrono::seconds(1);

class Ticks {
 public:
  explicit Ticks(const std::function<void()>& tick) : tick_(tick) {}
  void look(Instant at) {
    if (!tick_ || at < next_) return;
    next_ += kTickEvery;
    if (next_ <= at) next_ = at + kTickEvery;  // after a pause no second tick at once
    tick_();
  }

 private:
  const std::function<void()>& tick_;
  Instant next_ = now() + kTickEvery;
};

}  // namespace

RunResult run_send(source::FrameSource& source, Sender& sender, const RunOptions& options) {
  Player player(source, sender, options.max_frames);
  Ticks ticks(options.tick);
  while (!player.wait(now() + kLookUp) && !options.stop && now() < options.end_at) ticks.look(now());
  const auto result = player.stop();
  sender.close(options.stop ? wire::CloseReason::leaving : wire::CloseReason::end_of_stream);
  return result;
}

RunResult run_receive(Receiver& receiver, const std::vector<std::unique_ptr<sink::FrameSink>>& sinks,
                      const RunOptions& options) {
  RunResult result;
  Ticks ticks(options.tick);
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
    ticks.look(now());
  }
  result.error = set.error();
  return result;
}

}  // namespace glimt::pipeline

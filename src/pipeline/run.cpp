#include "pipeline/run.hpp"

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
  filter::Converter converter;
  bool more = true;
  while (more && !options.stop && result.frames < options.max_frames && now() < options.end_at) {
    auto received = receiver.read(kLookUp);
    if (!received && received.error().kind == ErrorKind::disconnected) break;
    for (const auto& sink : sinks) {
      const bool fits = !received || received->unit || sink->takes(received->frame.format);
      if (!fits) received->frame = converter.convert(std::move(received->frame), PixelFormat::bgr24);
      auto next = !received        ? sink->idle()
                  : received->unit ? sink->put_unit(*received->unit)
                                   : sink->put(received->frame);
      if (!next) {
        result.error = next.error();
        return result;
      }
      more &= *next == sink::FrameSink::Next::more;
    }
    if (received) {
      ++result.frames;
      receiver.note_shown(*received);
    }
    ticks.look(now());
  }
  return result;
}

}  // namespace glimt::pipeline

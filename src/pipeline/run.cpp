#include "pipeline/run.hpp"

#include "base/thread.hpp"

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

RunResult read_source(source::FrameSource& source, Sender& sender, uint64_t max_frames,
                      const std::atomic<bool>& stop) {
  RunResult result;
  const bool patient = source.traits().patient;
  if (patient && !sender.wait_for_receiver(stop)) return result;
  while (!stop && result.frames < max_frames) {
    auto picture = source.read();
    if (!picture) {
      result.error = picture.error();
      break;
    }
    if (!*picture) break;
    ++result.frames;
    if (patient) {
      sender.publish_every(std::move(**picture));
    } else {
      sender.publish(std::move(**picture));
    }
  }
  return result;
}

}  // namespace

RunResult run_send(source::FrameSource& source, Sender& sender, const RunOptions& options) {
  RunResult result;
  std::atomic<bool> stop{false}, done{false};
  Thread capture("glimt-capture", [&] {
    result = read_source(source, sender, options.max_frames, stop);
    done = true;
  });
  Ticks ticks(options.tick);
  while (!done && !options.stop && now() < options.end_at) {
    std::this_thread::sleep_for(kLookUp);
    ticks.look(now());
  }
  stop = true;
  source.interrupt();
  // A reader that takes nothing may hold the capture thread: closing the sender frees it.
  sender.close(options.stop ? wire::CloseReason::leaving : wire::CloseReason::end_of_stream);
  capture.join();
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

#include "pipeline/link_measurement.hpp"

#include <spdlog/fmt/fmt.h>

#include "pipeline/ticks.hpp"

namespace glimt::pipeline {
namespace {

constexpr auto kLookUp = std::chrono::milliseconds(20);  // how soon a request to stop is noticed

// What was counted since `before`; gauges and stage times as they are.
SubscriberStats since(const SubscriberStats& before, SubscriberStats s) {
  s.frames -= before.frames;
  s.lost -= before.lost;
  s.late -= before.late;
  s.repeated -= before.repeated;
  s.dropped -= before.dropped;
  s.skipped -= before.skipped;
  s.refused -= before.refused;
  s.stray -= before.stray;
  s.packets -= before.packets;
  s.packets_lost -= before.packets_lost;
  s.packets_repeated -= before.packets_repeated;
  s.kernel_drops -= before.kernel_drops;
  s.bytes -= before.bytes;
  return s;
}

class Meter {
 public:
  Meter(Receiver& receiver, const LinkOptions& options) : receiver_(receiver), options_(options) {}

  Result<LinkMeasurement> run() {
    if (auto first = wait_for_first(); !first) return first.error();
    read_until(now() + options_.warm_up, false);
    const SubscriberStats before = receiver_.stats();
    const Instant begin = now();
    ticks_ = Ticks(begin);
    read_until(begin + options_.length, true);
    m_.seconds = std::chrono::duration<double>(now() - begin).count();
    m_.stats = since(before, receiver_.stats());
    return std::move(m_);
  }

 private:
  Result<void> wait_for_first() {
    const Instant deadline = now() + options_.first_within;
    while (!options_.stop && now() < deadline) {
      const auto received = receiver_.read(std::min<Duration>(kLookUp, deadline - now()));
      if (!received) continue;
      take(*received, false);
      return {};
    }
    if (!options_.stop) return receiver_.why_nothing(options_.first_within);
    return Error{ErrorKind::unavailable, "stopped before the first picture came"};
  }

  void read_until(Instant end, bool measured) {
    while (!options_.stop && now() < end && !m_.painted_read.full()) {
      if (const auto received = receiver_.read(std::min<Duration>(kLookUp, end - now())))
        take(*received, measured);
      if (measured) tick();
    }
  }

  void take(const Received& received, bool measured) {
    const auto& frame = received.frame;
    const auto verdict = m_.codes.check(frame);
    const Instant read_at = now();
    m_.width = frame.width;
    m_.height = frame.height;
    // The code's time is the stream's, to the microsecond; and that is captured_at by our clock.
    if (measured && verdict == media::TimeCodeCheck::Verdict::right)
      m_.painted_read.add(read_at - frame.stamps.captured_at);
  }

  void tick() {
    if (!options_.tick || !ticks_.due(now())) return;
    options_.tick(m_.painted_read.percentiles(ticked_));
    ticked_ = m_.painted_read.count();
  }

  Receiver& receiver_;
  const LinkOptions& options_;
  LinkMeasurement m_;
  Ticks ticks_{Instant{}};
  size_t ticked_ = 0;
};

}  // namespace

Result<void> LinkMeasurement::verdict() const {
  if (codes.missing() > 0) {
    return Error{
        ErrorKind::malformed,
        fmt::format(
            "{} pictures carry no time code, so nobody can say how old they are; let the sender send test: "
            "at {}x{} or more, and --quality 40 or more",
            codes.missing(), media::kTimeCodeMinWidth, media::kTimeCodeMinHeight)};
  }
  if (codes.wrong() > 0) {
    return Error{
        ErrorKind::malformed,
        fmt::format(
            "{} pictures say another number or time than their stream, so no figure holds; let the sender "
            "send test: itself, not a recording of it",
            codes.wrong())};
  }
  if (painted_read.count() > 0) return {};
  return Error{ErrorKind::unavailable,
               "no picture came after the first second; is the sender still running?"};
}

Result<LinkMeasurement> measure_link(Receiver& receiver, const LinkOptions& options) {
  return Meter(receiver, options).run();
}

}  // namespace glimt::pipeline

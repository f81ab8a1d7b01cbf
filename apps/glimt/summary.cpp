// What recv says of a stream: one line while it runs, a few at its end.
#include "base/log.hpp"
#include "command.hpp"

namespace glimt::command {

std::string progress(const SubscriberStats& s, const SubscriberStats& before) {
  // Of a wire that carries no time the way here is not known.
  const bool timed = s.interval.captured_decoded.n > 0 || s.interval.whole_decoded.n == 0;
  const auto& p = timed ? s.interval.captured_decoded : s.interval.whole_decoded;
  std::string recording;
  if (!s.recording.empty() || s.not_recorded > 0) {
    recording = fmt::format("; recording {}, not recorded {}", s.recorded, s.not_recorded);
  }
  return fmt::format("{} frames/s, {} p50 {:.1f} p99 {:.1f} ms, lost {}, late {}, refused {}, dropped {}{}{}",
                     s.frames - before.frames, timed ? "captured→decoded" : "whole→decoded", p.p50_ms,
                     p.p99_ms, s.lost, s.late, s.refused, s.dropped, recording,
                     s.connected ? "" : "; waiting for a sender");
}

void print_summary(const SubscriberStats& s, const std::vector<std::unique_ptr<sink::FrameSink>>& sinks) {
  const auto line = [](const char* name, const Percentiles& p) {
    if (p.n == 0) return;
    log::say(log::Level::info,
             fmt::format("  {:<18} p50 {:7.2f}  p95 {:7.2f}  p99 {:7.2f}  max {:7.2f} ms  n={}", name,
                         p.p50_ms, p.p95_ms, p.p99_ms, p.max_ms, p.n));
  };
  log::say(log::Level::info,
           fmt::format("received {} frames; lost {}, late {}, repeated {}, refused {}, dropped {}, "
                       "skipped by the sender {}",
                       s.frames, s.lost, s.late, s.repeated, s.refused, s.dropped, s.skipped));
  if (s.concealed > 0) {
    log::say(log::Level::info,
             fmt::format("  {} of them lack strips, which are those of the picture before; the newest, from "
                         "the top: {}",
                         s.concealed, s.strip_map));
  }
  if (s.one_way) {
    log::say(
        log::Level::info,
        fmt::format(
            "  one way, so nothing could be asked for: {} packets did not come, {} of data were recovered",
            s.packets_lost, s.recovered));
  }
  line("captured→encoded", s.total.captured_encoded);
  line("encoded→sent", s.total.encoded_sent);
  line("sent→arrived", s.total.sent_arrived);
  line("arrived→whole", s.total.arrived_whole);
  line("whole→decoded", s.total.whole_decoded);
  line("decoded→shown", s.total.decoded_shown);
  line("captured→decoded", s.total.captured_decoded);
  if (s.clock.known && s.clock.bound_ms > 0) {
    log::say(log::Level::info,
             fmt::format("  sender's clock {:+.3f} ms, +-{:.3f} ms", s.clock.offset_ms, s.clock.bound_ms));
  }
  if (!s.recording.empty() || s.not_recorded > 0) {
    log::say(log::Level::info,
             fmt::format("  recorded {} frames, not recorded {}; newest file: {}", s.recorded, s.not_recorded,
                         s.recording.empty() ? "none" : s.recording));
  }
  for (const auto& sink : sinks) {
    if (const auto text = sink->summary(); !text.empty()) log::say(log::Level::info, "  " + text);
  }
}

}  // namespace glimt::command

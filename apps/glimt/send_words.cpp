// What send says of a stream: the other side's commands at its start, one line while it runs, one at its end.
#include "ask.hpp"
#include "base/log.hpp"
#include "command.hpp"

namespace glimt::command {

void say_other_side(const std::vector<Url>& destinations) {
  for (const auto& url : destinations) {
    const auto address = transport::Address::from_url(url, true);
    if (address) log::info("on the other side: glimt recv {}", quoted(pipeline::other_side(*address)));
  }
}

std::string send_progress(const SendStats& stats, const SendStats& before) {
  const PublisherStats& s = stats.sender;
  uint64_t receivers = 0, one_way = 0, lost = 0, dropped = s.dropped;
  for (const auto& d : s.destinations) {
    (d.one_way ? one_way : receivers) += d.receivers;
    lost += d.packets_lost;
    dropped += d.dropped;
  }
  const bool flowing = stats.source.state == source::SourceState::flowing;
  return fmt::format(
      "{} frames/s to {} receivers{}, captured→encoded p50 {:.1f} ms, dropped {}, packets lost {}{}{}",
      s.frames - before.sender.frames, receivers, one_way > 0 ? fmt::format(" and {} one way", one_way) : "",
      s.captured_encoded.p50_ms, dropped, lost, flowing ? "" : "; camera ",
      flowing ? "" : to_string(stats.source.state));
}

void print_send_summary(const PublisherStats& s) {
  const auto& p = s.captured_encoded_total;
  log::say(
      log::Level::info,
      fmt::format("sent {} frames; captured→encoded p50 {:.2f} p95 {:.2f} p99 {:.2f} max {:.2f} ms (n={}); "
                  "dropped {}, refused {}",
                  s.frames, p.p50_ms, p.p95_ms, p.p99_ms, p.max_ms, p.n, s.dropped, s.refused));
}

}  // namespace glimt::command

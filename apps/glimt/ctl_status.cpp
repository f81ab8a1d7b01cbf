#include "ctl_status.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "hub/setting_words.hpp"
#include "table.hpp"

namespace glimt::command {
namespace {

using hub::DestinationStatus;
using hub::StreamStatus;

std::string size_of(const StreamStatus& s) {
  return s.width > 0 ? fmt::format("{}x{}", s.width, s.height) : "-";
}

std::string codec_of(const StreamStatus& s) {
  const auto& codec = s.settings.encoding.codec;
  return codec ? std::string(to_string(*codec)) : "default";
}

uint64_t receivers_of(const StreamStatus& s) {
  uint64_t sum = 0;
  for (const auto& d : s.destinations) sum += d.stats.receivers;
  return sum;
}

// "3 flowing, 1 refused"
std::string destinations_of(const StreamStatus& s) {
  std::string text;
  using State = hub::DestinationState;
  for (const auto state : {State::flowing, State::connecting, State::stalled, State::refused}) {
    const auto n = std::count_if(s.destinations.begin(), s.destinations.end(),
                                 [&](const DestinationStatus& d) { return d.state == state; });
    if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, to_string(state));
  }
  return text.empty() ? "none" : text;
}

// What was set otherwise than it is by default.
std::string set_of(const StreamStatus& s) {
  hub::StreamSettings plain;
  plain.source = s.settings.source;
  std::string text;
  for (const auto& [key, before, after] : hub::differences(plain, s.settings)) {
    text += (text.empty() ? "" : " ") + key + "=" + after;
  }
  return text.empty() ? "all by default" : text;
}

Table destinations_table(const StreamStatus& s) {
  Table table({"ID", "STATE", "RECEIVERS", "FRAMES", "DROPPED", "LOST", "RTT", "ADDRESS"});
  for (const auto& d : s.destinations) {
    table.add({d.settings.id, std::string(to_string(d.state)), std::to_string(d.stats.receivers),
               std::to_string(d.stats.frames), std::to_string(d.stats.dropped),
               std::to_string(d.stats.packets_lost),
               d.stats.rtt_ms > 0 ? fmt::format("{:.1f} ms", d.stats.rtt_ms) : "-", d.settings.url});
    if (d.why.empty()) continue;
    const std::string again =
        d.retry_in_ms > 0 ? fmt::format("; tried again in {:.1f} s", d.retry_in_ms / 1000) : "";
    table.note(d.why + again);
  }
  return table;
}

template <class Status>
std::string with_why(const Status& status) {
  const std::string state(to_string(status.state));
  return without_controls(status.why.empty() ? state : state + ": " + status.why);
}

}  // namespace

std::string state_of(const DestinationStatus& d) { return with_why(d); }
std::string state_of(const StreamStatus& s) { return with_why(s); }

std::vector<std::string> streams_table(const std::vector<StreamStatus>& streams) {
  if (streams.empty()) return {"no streams; `glimt ctl add cam0 0 --to udp://:5000` adds one"};
  Table table({"NAME", "STATE", "FPS", "SIZE", "CODEC", "DESTINATIONS", "RECEIVERS", "SOURCE"});
  for (const auto& s : streams) {
    table.add({s.settings.name, std::string(to_string(s.state)), fmt::format("{:.1f}", s.fps), size_of(s),
               codec_of(s), destinations_of(s), std::to_string(receivers_of(s)), s.settings.source});
    if (!s.why.empty()) table.note(s.why);
  }
  return table.lines();
}

std::vector<std::string> stream_page(const StreamStatus& s) {
  const auto& total = s.stats.captured_encoded_total;
  std::vector<std::string> lines{
      fmt::format("{}  {}, {:.1f} frames/s, {}", s.settings.name, state_of(s), s.fps, size_of(s)),
      fmt::format("source    {}{}", s.settings.source,
                  s.description.empty() ? "" : " (" + s.description + ")"),
      "set       " + set_of(s),
      fmt::format("frames    {} encoded, {} dropped, {} unwatched, {} refused; source reopened {} times",
                  s.stats.frames, s.stats.dropped, s.stats.unwatched, s.stats.refused, s.reopened),
      fmt::format("captured→encoded  p50 {:.2f}  p95 {:.2f}  p99 {:.2f} ms", total.p50_ms, total.p95_ms,
                  total.p99_ms),
      ""};
  for (auto& line : lines) line = without_controls(line);
  if (s.destinations.empty()) {
    lines.push_back("goes nowhere; `glimt ctl route " + s.settings.name + " udp://:5000` adds a destination");
    return lines;
  }
  for (const auto& line : destinations_table(s).lines()) lines.push_back(line);
  return lines;
}

std::string stream_line(const StreamStatus& s) {
  return fmt::format("{} {}, {:.1f} frames/s, {}, {} receivers; destinations: {}", s.settings.name,
                     state_of(s), s.fps, size_of(s), receivers_of(s), destinations_of(s));
}

}  // namespace glimt::command

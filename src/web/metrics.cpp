#include "web/metrics.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "glimt/version.hpp"

namespace glimt::web {
namespace {

using hub::DestinationState;
using hub::DestinationStatus;
using hub::StreamState;
using hub::StreamStatus;

constexpr std::array kStreamStates{StreamState::opening, StreamState::flowing, StreamState::paused,
                                   StreamState::trouble, StreamState::ended};
constexpr std::array kDestinationStates{DestinationState::connecting, DestinationState::flowing,
                                        DestinationState::stalled, DestinationState::refused};

constexpr MetricFamily kInfo{"glimt_hub_info", "gauge", "Version of Glimt, as a label; always 1."};
constexpr MetricFamily kStreams{"glimt_hub_streams", "gauge", "Streams of the hub."};
constexpr MetricFamily kDestinations{"glimt_hub_destinations", "gauge", "Destinations of all streams."};
constexpr MetricFamily kUnlisted{"glimt_hub_destinations_unlisted", "gauge",
                                 "Destinations that are not listed here, because they are too many."};
constexpr MetricFamily kEvents{"glimt_hub_events_total", "counter", "Events since the hub was opened."};
constexpr MetricFamily kConnections{"glimt_web_connections", "gauge", "HTTP connections at this moment."};
constexpr MetricFamily kTurnedAway{"glimt_web_turned_away_total", "counter",
                                   "HTTP connections that came beyond the limit."};
constexpr MetricFamily kMadeRoom{
    "glimt_web_made_room_total", "counter",
    "HTTP connections ended for a newcomer, having gone longest without a whole request."};
constexpr MetricFamily kAnswers{"glimt_web_answers_total", "counter", "HTTP answers by status."};
constexpr MetricFamily kViewers{"glimt_web_viewers", "gauge", "Viewers of /live and /stream at this moment."};
constexpr MetricFamily kUnits{"glimt_web_frames_total", "counter",
                              "Frames sent to viewers of /live and /stream."};
constexpr MetricFamily kLeftOut{"glimt_web_dropped_frames_total", "counter",
                                "Frames left out for a viewer that was busy with an older one."};
constexpr MetricFamily kStreamState{"glimt_stream_state", "gauge", "1 for the state the stream is in."};
constexpr MetricFamily kStreamDestinations{"glimt_stream_destinations", "gauge",
                                           "Destinations of the stream by state, listed or not."};
constexpr MetricFamily kEncoding{"glimt_stream_capture_to_encoded_seconds", "summary",
                                 "From capture to encoded, over the stream's life."};
constexpr MetricFamily kDestinationState{"glimt_destination_state", "gauge",
                                         "1 for the state the destination is in."};

template <class Status>
struct Row {
  MetricFamily family;
  double (*value)(const Status&);
};

double number(uint64_t n) { return static_cast<double>(n); }

constexpr Row<StreamStatus> kStreamRows[] = {
    {{"glimt_stream_frames_total", "counter", "Frames that were encoded."},
     [](const StreamStatus& s) { return number(s.stats.frames); }},
    {{"glimt_stream_dropped_frames_total", "counter",
      "Frames that a newer one replaced before they were encoded."},
     [](const StreamStatus& s) { return number(s.stats.dropped); }},
    {{"glimt_stream_unwatched_frames_total", "counter", "Frames that came while nobody was receiving."},
     [](const StreamStatus& s) { return number(s.stats.unwatched); }},
    {{"glimt_stream_refused_frames_total", "counter", "Frames that could not be encoded."},
     [](const StreamStatus& s) { return number(s.stats.refused); }},
    {{"glimt_stream_source_reopened_total", "counter", "Times the source was lost and found again."},
     [](const StreamStatus& s) { return number(s.reopened); }},
    {{"glimt_stream_width_pixels", "gauge", "Width of the newest frame that was sent; 0 before."},
     [](const StreamStatus& s) { return double(s.width); }},
    {{"glimt_stream_height_pixels", "gauge", "Height of the newest frame that was sent; 0 before."},
     [](const StreamStatus& s) { return double(s.height); }},
};

constexpr Row<DestinationStatus> kDestinationRows[] = {
    {{"glimt_destination_receivers", "gauge", "Receivers at this moment."},
     [](const DestinationStatus& d) { return number(d.stats.receivers); }},
    {{"glimt_destination_receivers_gone_total", "counter",
      "Receivers that said good-bye, fell silent or were let go."},
     [](const DestinationStatus& d) { return number(d.stats.receivers_gone); }},
    {{"glimt_destination_frames_total", "counter", "Frames given to a receiver whole, over all receivers."},
     [](const DestinationStatus& d) { return number(d.stats.frames); }},
    {{"glimt_destination_dropped_frames_total", "counter",
      "Frames left out for a receiver that was busy with an older one."},
     [](const DestinationStatus& d) { return number(d.stats.dropped); }},
    {{"glimt_destination_sent_packets_total", "counter", "Packets sent."},
     [](const DestinationStatus& d) { return number(d.stats.packets); }},
    {{"glimt_destination_sent_bytes_total", "counter", "Bytes of the packets sent."},
     [](const DestinationStatus& d) { return number(d.stats.bytes); }},
    {{"glimt_destination_parity_packets_total", "counter", "Packets sent along against loss."},
     [](const DestinationStatus& d) { return number(d.stats.parity); }},
    {{"glimt_destination_repair_packets_total", "counter", "Packets sent because a receiver asked."},
     [](const DestinationStatus& d) { return number(d.stats.repair); }},
    {{"glimt_destination_lost_packets_total", "counter", "Packets that receivers report as lost."},
     [](const DestinationStatus& d) { return number(d.stats.packets_lost); }},
    {{"glimt_destination_refused_packets_total", "counter", "Packets received that broke the format."},
     [](const DestinationStatus& d) { return number(d.stats.refused); }},
    {{"glimt_destination_stray_packets_total", "counter", "Packets received that belong to no session."},
     [](const DestinationStatus& d) { return number(d.stats.stray); }},
    {{"glimt_destination_key_requests_total", "counter", "Key frames that receivers asked for."},
     [](const DestinationStatus& d) { return number(d.stats.key_requests); }},
    {{"glimt_destination_retries_total", "counter", "Times it was opened anew."},
     [](const DestinationStatus& d) { return number(d.retries); }},
    {{"glimt_destination_rtt_seconds", "gauge", "Round-trip time of the slowest receiver; 0 where unknown."},
     [](const DestinationStatus& d) { return d.stats.rtt_ms / 1e3; }},
};

class Text {
 public:
  void family(const MetricFamily& f) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", f.name, f.help, f.type);
  }
  // `labels` without braces.
  void line(std::string_view name, std::string_view labels, double value) {
    const std::string_view open = labels.empty() ? "" : "{", close = labels.empty() ? "" : "}";
    fmt::format_to(std::back_inserter(text_), "{}{}{}{} {}\n", name, open, labels, close, value);
  }
  void alone(const MetricFamily& f, double value) {
    family(f);
    line(f.name, "", value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// With its labels made once: each stands in some twenty lines.
template <class Status>
struct Listed {
  const Status& status;
  std::string labels;
};

std::string label(std::string_view name, std::string_view value) {
  return fmt::format("{}=\"{}\"", name, escape_label(value));
}

template <class Status, class States>
void write_states(Text& text, const MetricFamily& f, const std::vector<Listed<Status>>& all,
                  const States& states) {
  text.family(f);
  for (const auto& one : all) {
    for (const auto state : states)
      text.line(f.name, one.labels + "," + label("state", to_string(state)), one.status.state == state);
  }
}

template <class Status, size_t N>
void write_rows(Text& text, const Row<Status> (&rows)[N], const std::vector<Listed<Status>>& all) {
  for (const auto& row : rows) {
    text.family(row.family);
    for (const auto& one : all) text.line(row.family.name, one.labels, row.value(one.status));
  }
}

void write_destination_counts(Text& text, const std::vector<Listed<StreamStatus>>& streams) {
  text.family(kStreamDestinations);
  for (const auto& one : streams) {
    for (const auto state : kDestinationStates) {
      const auto n = std::ranges::count(one.status.destinations, state, &DestinationStatus::state);
      text.line(kStreamDestinations.name, one.labels + "," + label("state", to_string(state)), double(n));
    }
  }
}

void write_encoding_times(Text& text, const std::vector<Listed<StreamStatus>>& streams) {
  text.family(kEncoding);
  for (const auto& one : streams) {
    const auto& times = one.status.stats.captured_encoded_total;
    const std::pair<const char*, double> quantiles[] = {
        {"0.5", times.p50_ms}, {"0.95", times.p95_ms}, {"0.99", times.p99_ms}, {"1", times.max_ms}};
    for (const auto& [quantile, ms] : quantiles)
      text.line(kEncoding.name, one.labels + "," + label("quantile", quantile), ms / 1e3);
    text.line(std::string(kEncoding.name) + "_count", one.labels, number(times.n));
  }
}

void write_web(Text& text, const WebCounters& web) {
  text.alone(kConnections, number(web.connections));
  text.alone(kTurnedAway, number(web.turned_away));
  text.alone(kMadeRoom, number(web.made_room));
  text.family(kAnswers);
  for (const auto& [status, n] : web.answers)
    text.line(kAnswers.name, label("code", std::to_string(status)), number(n));
  text.alone(kViewers, number(web.viewers));
  text.alone(kUnits, number(web.units));
  text.alone(kLeftOut, number(web.left_out));
}

}  // namespace

std::string metrics_text(const HubMetrics& metrics) {
  std::vector<Listed<StreamStatus>> streams;
  std::vector<Listed<DestinationStatus>> destinations;
  size_t all = 0;
  for (const auto& s : metrics.streams) {
    streams.push_back({s, label("stream", s.settings.name)});
    all += s.destinations.size();
    for (const auto& d : s.destinations) {
      if (destinations.size() == metrics.most_destinations) break;
      destinations.push_back({d, streams.back().labels + "," + label("destination", d.settings.id)});
    }
  }
  Text text;
  text.family(kInfo);
  text.line(kInfo.name, label("version", kVersion), 1);
  text.alone(kStreams, number(streams.size()));
  text.alone(kDestinations, number(all));
  text.alone(kUnlisted, number(all - destinations.size()));
  text.alone(kEvents, number(metrics.events));
  write_web(text, metrics.web);
  write_states(text, kStreamState, streams, kStreamStates);
  write_destination_counts(text, streams);
  write_rows(text, kStreamRows, streams);
  write_encoding_times(text, streams);
  write_states(text, kDestinationState, destinations, kDestinationStates);
  write_rows(text, kDestinationRows, destinations);
  return text.take();
}

std::vector<MetricFamily> metric_families() {
  std::vector<MetricFamily> all{
      kInfo,     kStreams,         kDestinations, kUnlisted, kEvents,  kConnections, kTurnedAway,
      kMadeRoom, kAnswers,         kViewers,      kUnits,    kLeftOut, kStreamState, kStreamDestinations,
      kEncoding, kDestinationState};
  for (const auto& row : kStreamRows) all.push_back(row.family);
  for (const auto& row : kDestinationRows) all.push_back(row.family);
  return all;
}

std::string escape_label(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace glimt::web

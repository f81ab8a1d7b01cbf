// Metrics: a hub's state as text for Prometheus, as docs/metrics.md names it.
//
//   input    what the hub tells of its streams
//   output   the text exposition format, version 0.0.4
//   units    seconds, bytes, pixels
//   threads  thread-safe
//   memory   the text: 500 bytes a stream, 1.5 KB a destination, of which there are at most `most_destinations`
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hub/state.hpp"

namespace glimt::web {

// What the server counts of itself.
struct WebCounters {
  size_t connections = 0;           // at this moment
  uint64_t turned_away = 0;         // connections beyond the limit
  uint64_t made_room = 0;           // connections ended for a newcomer, having asked for nothing for longest
  std::map<int, uint64_t> answers;  // by status
  size_t viewers = 0;               // of /live and /stream, at this moment
  uint64_t units = 0;               // access units sent to them
  uint64_t left_out = 0;            // that a viewer was too slow for
  bool operator==(const WebCounters&) const = default;
};

struct HubMetrics {
  std::vector<hub::StreamStatus> streams;
  uint64_t events = 0;  // since the hub was opened
  WebCounters web;
  // The first so many of all streams are listed; of the others it is said how many they are.
  size_t most_destinations = 1000;
};
std::string metrics_text(const HubMetrics& metrics);

struct MetricFamily {
  std::string_view name, type, help;
};
// All that metrics_text() may write.
std::vector<MetricFamily> metric_families();

// As the value of a label, between quotes.
std::string escape_label(std::string_view text);

}  // namespace glimt::web

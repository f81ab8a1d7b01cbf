// State: what the hub tells of its streams.
//
//   units    as in stats.hpp
//   threads  plain values
#pragma once

#include "glimt/stats.hpp"
#include "hub/settings.hpp"

namespace glimt::hub {

enum class DestinationState {
  connecting,  // nobody is there yet, or no longer
  flowing,     // pictures reach at least one receiver
  stalled,     // a receiver is there, the stream has pictures, and none reaches it
  refused,     // it cannot be opened; tried again
};
std::string_view to_string(DestinationState state);

enum class StreamState {
  opening,  // the source was not opened yet
  flowing,
  paused,
  trouble,  // the source gives no pictures; tried again
  ended,    // the source came to its end
};
std::string_view to_string(StreamState state);

struct DestinationStatus {
  DestinationSettings settings;
  DestinationState state = DestinationState::connecting;
  std::string why;          // of connecting, stalled and refused, for people, with the cure
  double state_age_ms = 0;  // since it was another
  double retry_in_ms = 0;   // refused: until it is tried again
  uint64_t retries = 0;
  DestinationStats stats;
};

struct StreamStatus {
  StreamSettings settings;
  StreamState state = StreamState::opening;
  std::string why;            // of trouble, with the cure
  std::string description;    // of the source: "test picture 1280x720 at 30 fps"
  uint64_t reopened = 0;      // times the source was lost and found again
  double fps = 0;             // encoded, over the last second or so
  int width = 0, height = 0;  // of the newest picture that was sent; 0 before
  PublisherStats stats;       // its destinations are left empty: they stand below
  std::vector<DestinationStatus> destinations;
};

struct Snapshot {
  std::vector<uint8_t> jpeg;
  int width = 0, height = 0;
  double age_ms = 0;  // since its capture
};

}  // namespace glimt::hub

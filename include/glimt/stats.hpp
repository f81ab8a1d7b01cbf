// Stats: what a publisher and a subscriber have counted and timed.
//
//   Five words are kept apart everywhere: lost (never came), late (after its deadline, or after a newer one
//   was shown), repeated, refused (broke the format), dropped (whole, and given up in favour of a newer one or because one that it depends
//   on is missing).
//
//   units    milliseconds where the name ends in _ms; latencies name their two end points
//   threads  plain values
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glimt/options.hpp"

namespace glimt {

struct Percentiles {
  uint64_t n = 0;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0, max_ms = 0;
};

// Where the time of a frame went, between the stage stamps of its life.
struct StageTimes {
  Percentiles captured_encoded;
  Percentiles encoded_sent;   // first packet handed to the kernel
  Percentiles sent_arrived;   // first packet, one way; as good as the clock offset is
  Percentiles arrived_whole;  // first packet to last
  Percentiles whole_decoded;
  Percentiles captured_decoded;
  Percentiles decoded_shown;
};

struct ClockOffset {
  bool known = false;
  double offset_ms = 0;  // sender's clock minus ours
  double bound_ms = 0;   // the truth lies within offset +- bound: half the best round trip; 0 on one machine
};

struct SubscriberStats {
  std::string address;
  bool one_way = false;  // nothing can be asked for or told the sender
  bool connected = false;
  uint64_t sessions = 0;                                   // how often a sender was met
  uint64_t frames = 0;                                     // decoded and handed on
  uint64_t lost = 0, late = 0, repeated = 0, dropped = 0;  // frames
  uint64_t concealed =
      0;  // of `frames`: JPEGs that lack strips for good, which are those of the picture before
  std::string
      strip_map;  // of the newest of those, its strips from the top: 1 came, 0 did not; empty before the first
  uint64_t skipped = 0;       // frames the sender says it left out for this receiver
  uint64_t key_requests = 0;  // H.264: how often a key frame was asked for, after a loss or for a recording
  uint64_t refused = 0;       // packets or pictures that broke the format
  uint64_t stray = 0;         // packets in good order that belong to no session of ours
  uint64_t packets = 0, packets_lost = 0, packets_repeated = 0, kernel_drops = 0;
  uint64_t recovered = 0;                   // data packets that did not come and that parity gave back
  uint64_t asked = 0;                       // how often the sender was asked for what a frame lacked
  uint64_t bytes = 0;                       // of datagrams that belonged to the session
  uint64_t recorded = 0, not_recorded = 0;  // frames that stand in a file, and whole ones that stand in none
  std::string recording;                    // the newest file
  double last_picture_age_ms =
      0;  // capture (arrival, where the wire carries no time) of the newest picture handed out → now; 0 before
  double rtt_ms = 0;
  ClockOffset clock;
  StageTimes interval;  // since the last call of stats()
  StageTimes total;
};

// One receiver that is there at this moment.
struct ReceiverStats {
  std::string peer;  // its address; of a Unix socket nothing is known
  Mode mode = Mode::latest;
  uint64_t frames = 0;   // given to it whole
  uint64_t dropped = 0;  // skipped for it, because it was still busy with an older one
  uint64_t packets = 0, bytes = 0;
  uint64_t parity = 0, repair = 0;  // of these packets: sent along against loss, and sent because it asked
  uint64_t packets_lost = 0;        // as it reports
  uint64_t key_requests = 0;        // H.264: how often it could use nothing but a key frame, and said so
  double rtt_ms = 0;
};

struct DestinationStats {
  uint32_t id = 0;
  std::string address;
  bool one_way = false;         // nothing is heard of whoever receives: counted as one
  int parity_percent = 0;       // one-way: of the data, whatever is lost
  uint64_t receivers = 0;       // at this moment
  uint64_t receivers_gone = 0;  // said good-bye, fell silent or were let go
  uint64_t frames = 0;          // given to a receiver whole, summed over receivers
  uint64_t dropped = 0;         // skipped for a receiver that was still busy with an older one
  uint64_t packets = 0, bytes = 0;
  uint64_t parity = 0, repair = 0;  // of these packets, as above
  uint64_t packets_lost = 0;        // as receivers report
  uint64_t key_requests = 0;        // as above, summed over receivers
  uint64_t refused = 0;
  uint64_t stray = 0;  // packets in good order that belong to no session of ours
  double rtt_ms = 0;   // of the slowest receiver
  std::vector<ReceiverStats> each;
};

struct PublisherStats {
  uint64_t frames = 0;           // encoded
  uint64_t dropped = 0;          // replaced by a newer one before they were encoded
  uint64_t unwatched = 0;        // came while nobody was receiving; the newest is kept for whoever comes
  uint64_t refused = 0;          // pictures that could not be encoded
  Percentiles captured_encoded;  // since the last call of stats()
  Percentiles captured_encoded_total;
  std::vector<DestinationStats> destinations;
};

}  // namespace glimt

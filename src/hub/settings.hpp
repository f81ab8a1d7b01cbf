// Settings: what a stream is to be, as values: in the configuration file, the state file and the control service alike.
//
//   errors   check(): invalid_argument with the cure; nothing is opened for it
//   threads  plain values
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glimt/options.hpp"

namespace glimt::hub {

struct DestinationSettings {
  std::string
      id;  // unique in its stream: letters, digits, '-', '_' and '.', at most 64; the hub gives one where it is empty
  std::string url;  // as `glimt send` takes it
  bool operator==(const DestinationSettings&) const = default;
};

// A picture is encoded once for all destinations.
struct Encoding {
  std::optional<Codec> codec;  // nothing: raw over unix://, jpeg elsewhere
  int quality = 80;            // 1..100, JPEG and H.264
  Chroma chroma = Chroma::c420;
  std::string encoder;                // of H.264, as libavcodec names it; empty: the first that works
  std::optional<double> bitrate_bps;  // of H.264, at most; nothing: by size and frame rate
  bool intra_refresh = false;
  int workers = 0;  // threads that encode one picture; 0: by processors
  std::optional<std::pair<int, int>>
      size;                   // pixels; a larger picture is made to fit, its shape kept; nothing: as it comes
  std::optional<double> fps;  // pictures a second at most; nothing: as they come
  bool operator==(const Encoding&) const = default;
};

// What a sender is opened with.
PublisherOptions publisher_options(const Encoding& encoding);

struct StreamSettings {
  std::string name;    // as an id
  std::string source;  // an address as `glimt send` takes it
  std::string format;  // of standard input or camera
  std::string filter;
  bool loop = false;    // a file begins anew at its end
  bool paused = false;  // no picture is read; a camera is let go
  Encoding encoding;
  std::vector<DestinationSettings> destinations;
  bool operator==(const StreamSettings&) const = default;
};

struct Limits {
  size_t streams = 64;
  size_t destinations = 4096;  // of all streams
  bool operator==(const Limits&) const = default;
};

// Letters, digits, '-', '_' and '.', 1 to 64 of them, the first a letter or digit.
Result<void> check_name(const std::string& name, const std::string& what);
// Names, addresses, ranges, and that all destinations agree with the encoding.
Result<void> check(const StreamSettings& settings);
// Of an encoding alone, and of a destination.
Result<void> check(const Encoding& encoding);
Result<void> check(const DestinationSettings& destination, const Encoding& encoding);

}  // namespace glimt::hub

// Countdown: the wire of the ancestors A and B. A picture, a JPEG, is cut into segments; a datagram is one byte, the
// number of segments still to come with this one counted, and the segment.
//
//   input    a datagram
//   output   a view into it
//   errors   nothing, where it is no datagram of this wire
//   threads  thread-safe
#pragma once

#include <optional>

#include "base/bytes.hpp"

namespace glimt::wire {

inline constexpr size_t kCountdownSegmentBytes = 65536 - 64;  // but for the last one, which is what is left
inline constexpr size_t kCountdownMaxSegments = 255;
inline constexpr size_t kCountdownMaxPictureBytes = kCountdownMaxSegments * kCountdownSegmentBytes;

struct CountdownDatagram {
  uint8_t left = 0;  // segments to come, this one counted: 1 closes the picture
  Bytes segment;     // 1..kCountdownSegmentBytes
};

inline std::optional<CountdownDatagram> parse_countdown(Bytes datagram) {
  if (datagram.size() < 2 || datagram.size() > 1 + kCountdownSegmentBytes || datagram[0] == 0) return {};
  return CountdownDatagram{datagram[0], datagram.subspan(1)};
}

// Segments of a picture, more than kCountdownMaxSegments where it cannot go over this wire.
constexpr size_t countdown_segments(size_t picture_bytes) {
  return (picture_bytes + kCountdownSegmentBytes - 1) / kCountdownSegmentBytes;
}

}  // namespace glimt::wire

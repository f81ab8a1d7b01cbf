// Clock: the one source of time, and the word for a point in it.
//
//   Instant is a point of CLOCK_MONOTONIC, which all processes of one machine share; so between two processes
//   of the same machine capture times compare without any offset. Sans-IO code takes `now` as an argument and
//   never calls now().
//
//   units    nanoseconds inside; on the wire microseconds, whole or their low 32 bits
//   threads  thread-safe
#pragma once

#include <chrono>
#include <cstdint>

namespace glimt {

using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

inline Instant now() { return std::chrono::steady_clock::now(); }

inline int64_t to_us(Instant t) {
  return std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count();
}
inline Instant from_us(int64_t us) { return Instant(std::chrono::microseconds(us)); }
inline double to_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

// The same in two processes if and only if their now() is the same clock: one boot of one
// machine, one time namespace.
uint64_t clock_id();

// The time whose low 32 bits of microseconds are `low` and that is nearest to `near_us`.
inline int64_t extend_us(uint32_t low, int64_t near_us) {
  return near_us + static_cast<int32_t>(low - static_cast<uint32_t>(near_us));
}

}  // namespace glimt

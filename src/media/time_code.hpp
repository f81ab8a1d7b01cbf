// Time code: a frame number and a capture time burnt into the picture as black and white blocks, so that
// whoever looks at the pixels can prove which frame they belong to. Survives JPEG at quality 40 and 4:2:0.
//
//   112 bits in a grid of 28 by 4 blocks at the top left: u32 number, u64 capture time in microseconds, u16
//   check
//
//   input    a frame of any format, at least kMinWidth x kMinHeight
//   output   try_read: empty where there is none or it does not check out
//   units    microseconds of the sender's clock
//   threads  thread-safe
#pragma once

#include <cstdint>
#include <optional>

#include "media/frame.hpp"

namespace glimt::media {

struct TimeCode {
  uint32_t number = 0;
  int64_t captured_us = 0;
  bool operator==(const TimeCode&) const = default;
};

inline constexpr int kTimeCodeMinWidth = 28 * 8;
inline constexpr int kTimeCodeMinHeight = 4 * 8;

// False where the picture is too small to carry it.
bool burn_time_code(Frame& frame, const TimeCode& code);
std::optional<TimeCode> try_read_time_code(const Frame& frame);

}  // namespace glimt::media

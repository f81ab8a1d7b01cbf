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

// Holds the code in each picture of a stream against the picture's own capture time and the picture before.
class TimeCodeCheck {
 public:
  enum class Verdict { right, wrong, missing, concealed };
  // Wrong where the time is not that of `sender_captured_us`, or the number did not count up. A sender that was
  // restarted counts from 0 again, but its clock goes on. A picture that lacks strips may have the code of the one before in
  // their place: it is not judged.
  Verdict check(const Frame& frame);

  uint64_t right() const { return right_; }
  uint64_t wrong() const { return wrong_; }
  uint64_t missing() const { return missing_; }

 private:
  std::optional<TimeCode> last_;
  uint64_t right_ = 0, wrong_ = 0, missing_ = 0;
};

}  // namespace glimt::media

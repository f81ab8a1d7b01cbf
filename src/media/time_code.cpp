#include "media/time_code.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crc32c.hpp"

namespace glimt::media {
namespace {

constexpr int kColumns = 28;
constexpr int kRows = 4;
constexpr size_t kPayloadBytes = 12;
constexpr size_t kCodeBytes = 14;
static_assert(kColumns * kRows == kCodeBytes * 8);

using Code = std::array<uint8_t, kCodeBytes>;

// 8 or a multiple of 16, so that blocks fall together with JPEG's.
int block_side(const Frame& frame) {
  const int fits = std::min(frame.width / kColumns, frame.height / (kRows * 4));
  if (fits < 16) return 8;
  return std::min(fits / 16 * 16, 32);
}

uint16_t check_of(const Code& code) {
  return static_cast<uint16_t>(crc32c(Bytes(code).first(kPayloadBytes)) ^
                               0x6C67);  // an all-black picture is no code
}

void fill(Frame& frame, int plane, int x, int y, int width, int height, uint8_t value) {
  auto& p = frame.planes[static_cast<size_t>(plane)];
  for (int row = y; row < y + height; ++row) {
    std::memset(p.data + static_cast<size_t>(row) * p.stride + x, value, static_cast<size_t>(width));
  }
}

void fill_block(Frame& frame, int column, int row, int side, bool white) {
  const int pixel = plane_shape(frame.format, 1, 1, 0).width_bytes;
  fill(frame, 0, column * side * pixel, row * side, side * pixel, side, white ? 255 : 0);
  if (frame.format != PixelFormat::i420) return;
  for (int plane : {1, 2}) fill(frame, plane, column * side / 2, row * side / 2, side / 2, side / 2, 128);
}

// The mean of the block's inner quarter: its rim suffers most from the neighbours' ringing.
bool block_is_white(const Frame& frame, int column, int row, int side) {
  const int pixel = plane_shape(frame.format, 1, 1, 0).width_bytes;
  int sum = 0, n = 0;
  for (int y = side / 4; y < side * 3 / 4; ++y) {
    const uint8_t* line = frame.planes[0].data + static_cast<size_t>(row * side + y) * frame.planes[0].stride;
    for (int x = side / 4; x < side * 3 / 4; ++x, ++n) {
      const uint8_t* at = line + (column * side + x) * pixel;
      sum += pixel == 1 ? at[0] : at[1];  // green stands for the luminance of black and white
    }
  }
  return sum > n * 127;
}

}  // namespace

bool burn_time_code(Frame& frame, const TimeCode& code) {
  if (frame.width < kTimeCodeMinWidth || frame.height < kTimeCodeMinHeight) return false;
  Code bits{};
  ByteWriter out(bits);
  out.u32(code.number);
  out.u64(static_cast<uint64_t>(code.captured_us));
  out.u16(check_of(bits));
  const int side = block_side(frame);
  for (int i = 0; i < kColumns * kRows; ++i) {
    fill_block(frame, i % kColumns, i / kColumns, side, bits[static_cast<size_t>(i / 8)] >> (i % 8) & 1);
  }
  return true;
}

std::optional<TimeCode> try_read_time_code(const Frame& frame) {
  if (frame.width < kTimeCodeMinWidth || frame.height < kTimeCodeMinHeight) return std::nullopt;
  Code bits{};
  const int side = block_side(frame);
  for (int i = 0; i < kColumns * kRows; ++i) {
    if (block_is_white(frame, i % kColumns, i / kColumns, side)) {
      bits[static_cast<size_t>(i / 8)] =
          static_cast<uint8_t>(bits[static_cast<size_t>(i / 8)] | 1 << (i % 8));
    }
  }
  ByteReader in(bits);
  TimeCode code;
  code.number = in.u32();
  code.captured_us = static_cast<int64_t>(in.u64());
  if (in.u16() != check_of(bits)) return std::nullopt;
  return code;
}

TimeCodeCheck::Verdict TimeCodeCheck::check(const Frame& frame) {
  if (frame.missing.any()) return Verdict::concealed;
  const auto code = try_read_time_code(frame);
  if (!code) {
    ++missing_;
    return Verdict::missing;
  }
  const bool forward =
      !last_ || Sequence(code->number) > Sequence(last_->number) || code->captured_us > last_->captured_us;
  const bool holds = forward && code->captured_us == frame.sender_captured_us;
  last_ = code;
  ++(holds ? right_ : wrong_);
  return holds ? Verdict::right : Verdict::wrong;
}

}  // namespace glimt::media

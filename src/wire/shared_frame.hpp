// The messages of a frame channel: pictures in shared memory, passed on by name. docs/wire-format.md, "Shared frames".
//
//   sender → receiver   SLOT, with a descriptor: memory that pictures will lie in; FRAME: a picture lies in a slot;
//                       HELD: a newer one is held back until this receiver gives one back, or asks
//   receiver → sender   RELEASE: a picture is not looked at any more; ASK: for the one that is held back
//
//   input    bytes from anywhere
//   output   values, their fields in their ranges; whether a picture fits its slot is for the caller to check
//   errors   empty where a message breaks its format
//   threads  thread-safe
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "base/bytes.hpp"
#include "base/sequence.hpp"
#include "glimt/options.hpp"

namespace glimt::wire {

inline constexpr size_t kMaxSharedSlots = 64;
inline constexpr size_t kSharedMessageBytes = 128;  // the longest

struct SharedSlot {
  uint8_t slot = 0;
  uint64_t bytes = 0;  // of the memory behind the descriptor
};

// Rows and planes follow each other without gaps from the slot's first byte on, the metadata behind them.
struct SharedFrame {
  uint8_t slot = 0;
  PixelFormat format = PixelFormat::bgr24;
  uint16_t width = 0;
  uint16_t height = 0;
  Sequence number;
  uint32_t metadata_bytes = 0;
  int64_t captured_us = 0;  // of the sender's clock
  int64_t sent_us = 0;
};

struct SharedHeld {};

struct SharedRelease {
  Sequence number;
};

struct SharedAsk {};

using SharedMessage = std::variant<SharedSlot, SharedFrame, SharedHeld, SharedRelease, SharedAsk>;

// The bytes written, or 0 where `bytes` is too short.
size_t serialize(std::span<uint8_t> bytes, const SharedMessage& message);
std::optional<SharedMessage> parse_shared(Bytes bytes);

}  // namespace glimt::wire

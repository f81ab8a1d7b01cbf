// FEEDBACK: what a receiver tells its sender, once a frame and at least every 10 ms while media flows.
//
//   fixed part: report number, counters, the newest frame that the reader has taken; then sections (u8 type,
//   u8 0, u16 length): frame fates, arrival times, deficits, a key frame that is wanted. Each report repeats what the last two said.
//   Unknown sections are skipped.
//
//   units    microseconds of the receiver's clock (low 32 bits), 16 us units where said
//   input    bytes from anywhere
//   errors   empty where a body breaks its format
//   threads  thread-safe
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/sequence.hpp"

namespace glimt::wire {

enum class Fate : uint8_t { complete = 1, late = 2, failed = 3 };

struct FrameFate {
  Sequence frame;
  Fate fate = Fate::complete;
  uint16_t spread_16us = 0;  // first packet to last
};

// Packets `first` to first + count - 1, as RFC 8888 has them: came or not, and how long before the report.
struct Arrivals {
  static constexpr size_t kMax = 384;
  static constexpr uint16_t kLost = 0xFFFF;
  uint64_t first = 0;
  uint16_t count = 0;
  std::array<uint16_t, kMax> before_16us{};  // kLost where it did not come
};

// A block that cannot be whole from what came and may still come, or a frame of which nothing came. Answered with fresh
// parity, once a round.
struct Deficit {
  static constexpr uint8_t kMaxRound = 63;
  Sequence frame;
  uint8_t block = 0;
  uint8_t have =
      0;  // symbols, data and parity; what the block lacks is for the sender to say, who knows its k
  uint8_t round = 1;         // 1 to 63
  bool last_round = false;   // there is no time for another
  bool every_block = false;  // `block` and `have` are 0
  bool operator==(const Deficit&) const = default;
};

struct Feedback {
  static constexpr size_t kMaxFates = 24;
  static constexpr size_t kMaxDeficits = 64;
  // With the largest number of fates and so many deficits and arrivals a report is one datagram.
  static constexpr size_t max_arrivals(size_t deficits) { return Arrivals::kMax - 4 * deficits; }

  uint32_t report = 0;             // counts up from 1
  uint32_t sent_at_us = 0;         // receiver's clock
  uint64_t highest_number = 0;     // of all packets that came
  uint32_t packets = 0;            // that came, without repeats; wraps
  uint32_t kernel_drops = 0;       // datagrams that the socket buffer had no room for; wraps
  Sequence taken;                  // the newest frame that has left for the reader, or was given up
  uint16_t decode_queue_16us = 0;  // how long the oldest undecoded frame has waited
  std::array<FrameFate, kMaxFates> fates{};
  size_t fate_count = 0;
  Arrivals arrivals;
  std::array<Deficit, kMaxDeficits> deficits{};
  size_t deficit_count = 0;
  // Nothing can be decoded before the next key frame; this is the newest frame that was heard of, and no help.
  std::optional<Sequence> key_wanted_after;
};

inline constexpr size_t kMaxFeedbackBytes =
    32 + 4 + Feedback::kMaxFates * 7 + 4 + 10 + Arrivals::kMax * 2 + 4 + Feedback::kMaxDeficits * 7 + 4 + 4;

size_t serialize(std::span<uint8_t> body, const Feedback& feedback);
std::optional<Feedback> parse_feedback(Bytes body);

}  // namespace glimt::wire

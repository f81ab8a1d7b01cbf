// HELLO, CLOCK, CLOSE and SKIP: the small bodies with which two ends find, time and leave each other.
//
//   input    bytes from anywhere
//   output   values; text is cut to its bound and stripped of control characters
//   errors   empty where a body breaks its format
//   threads  thread-safe
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/sequence.hpp"
#include "glimt/options.hpp"

namespace glimt::wire {

enum class Role : uint8_t { sender = 1, receiver = 2 };

// The header's session is the number that the addressed end chose, 0 while it is not known.
struct Hello {
  uint32_t session = 0;  // what the other end is to write into packets to this one
  uint32_t echo = 0;     // the addressed end's own number, as heard by this one; 0 while not heard
  Role role = Role::sender;
  Mode mode = Mode::latest;   // receiver: what it wants
  uint32_t latency_ms = 100;  // receiver: how long it waits for a frame
  uint32_t symbol_bytes = 0;  // sender: of the symbols it will send
  uint64_t clock_id = 0;
  std::string agent;   // name and version, for people
  uint8_t shares = 0;  // receiver: the version of shared frames that it takes; 0: none
};

// A HELLO that starts a conversation is at least this long, so that no answer is longer than
// what asked for it.
inline constexpr size_t kHelloBodyBytes = 128;
inline constexpr size_t kMaxAgentBytes = 48;
inline constexpr uint8_t kSharedFramesVersion = 1;
inline constexpr uint32_t kMinSymbolBytes = 64;
inline constexpr uint32_t kMaxSymbolBytes = 32 * 1024;

size_t serialize(std::span<uint8_t> body, const Hello& hello);
std::optional<Hello> parse_hello(Bytes body);

// Four stamps of a round trip; microseconds of the clock of whoever took them. An answer has
// all but the last.
struct Clock {
  bool is_answer = false;
  int64_t asked_us = 0;     // asker's clock
  int64_t received_us = 0;  // answerer's clock
  int64_t answered_us = 0;  // answerer's clock
};
inline constexpr size_t kClockBodyBytes = 28;
size_t serialize(std::span<uint8_t> body, const Clock& clock);
std::optional<Clock> parse_clock(Bytes body);

enum class CloseReason : uint8_t {
  end_of_stream = 1,
  leaving = 2,    // stopped by its user
  same_role = 3,  // both ends send, or both receive
  busy = 4,       // another sender is served
  too_slow = 5,   // mode=every and more than a second behind
  full = 6,       // no room for a further receiver
  cut_off = 7,    // held shared frames for too long, or broke their rules
};
std::string_view to_string(CloseReason reason);
struct Close {
  CloseReason reason = CloseReason::leaving;
};
size_t serialize(std::span<uint8_t> body, const Close& close);
std::optional<Close> parse_close(Bytes body);

// Frames that the sender leaves out for this receiver, so that they are not taken for lost.
struct Skip {
  Sequence first;
  uint32_t count = 0;  // 1..kMaxSkip
};
inline constexpr uint32_t kMaxSkip = 1u << 16;
size_t serialize(std::span<uint8_t> body, const Skip& skip);
std::optional<Skip> parse_skip(Bytes body);

}  // namespace glimt::wire

// Length prefix: what older programs put before each pickle, Python's struct codes `Q` and `i`, little-endian.
//
//   input    bytes from anywhere, as many as length_bytes() says
//   output   values
//   errors   empty where a length is negative, or does not fit
//   threads  thread-safe
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/bytes.hpp"

namespace glimt::wire {

enum class LengthPrefix : uint8_t {
  q,  // 8 bytes, unsigned
  i,  // 4 bytes, signed
};

constexpr size_t kMaxLengthBytes = 8;
constexpr size_t length_bytes(LengthPrefix prefix) { return prefix == LengthPrefix::q ? 8 : 4; }
constexpr uint64_t max_length(LengthPrefix prefix) {
  return prefix == LengthPrefix::q ? std::numeric_limits<uint64_t>::max()
                                   : std::numeric_limits<int32_t>::max();
}

inline std::optional<uint64_t> parse_length(LengthPrefix prefix, Bytes bytes) {
  ByteReader in(bytes);
  const uint64_t length = prefix == LengthPrefix::q ? in.u64() : in.u32();
  if (!in.ok() || length > max_length(prefix)) return std::nullopt;
  return length;
}

// The bytes written, or 0 where the length does not fit the prefix or the prefix does not fit `bytes`.
inline size_t serialize_length(std::span<uint8_t> bytes, LengthPrefix prefix, uint64_t length) {
  if (length > max_length(prefix)) return 0;
  ByteWriter out(bytes);
  if (prefix == LengthPrefix::q) {
    out.u64(length);
  } else {
    out.u32(static_cast<uint32_t>(length));
  }
  return out.ok() ? out.size() : 0;
}

}  // namespace glimt::wire

#include "base/utf8.hpp"

#include <cstdint>

namespace glimt {
namespace {

struct Lead {
  size_t length = 0;  // of the character; 0: no character begins so
  uint8_t low = 0x80,
          high = 0xBF;  // of its second byte: neither written too long, nor a surrogate, nor past U+10FFFF
};

Lead lead_of(uint8_t byte) {
  if (byte < 0x80) return {1};
  if (byte >= 0xC2 && byte <= 0xDF) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

bool is_within(uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; }

}  // namespace

size_t find_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
    const Lead lead = lead_of(byte(0));
    if (lead.length == 0 || lead.length > text.size() - at) return at;
    if (lead.length > 1 && !is_within(byte(1), lead.low, lead.high)) return at;
    for (size_t i = 2; i < lead.length; ++i) {
      if (!is_within(byte(i), 0x80, 0xBF)) return at;
    }
    at += lead.length;
  }
  return std::string_view::npos;
}

}  // namespace glimt

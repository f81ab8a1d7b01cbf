// Symbol: what one packet of a unit carries.
//
//   A symbol is views into the strips and four bytes of its own; nothing is copied. In the wires of others it is its two
//   parts, one behind the other, with neither prefix nor checksum.
//
//   threads  plain value
#pragma once

#include <array>

#include "wire/packet.hpp"

namespace glimt::packetize {

struct Symbol {
  std::array<uint8_t, wire::kPrefixBytes> prefix;
  Bytes descriptor_part;  // in front of strip 0 only
  Bytes strip_part;
  uint32_t checksum = 0;  // of prefix and payload; each receiver's header is added to it
  size_t bytes() const { return prefix.size() + descriptor_part.size() + strip_part.size(); }
};

}  // namespace glimt::packetize

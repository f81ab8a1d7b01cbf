// SymbolUnit: an access unit cut into symbols, once a stream, shared by all its receivers.
//
//   A symbol is views into the strips and four bytes of its own; nothing is copied. It grows strip by strip
//   while receivers already send its first symbols. In the wires of others a symbol is its two parts, one behind the
//   other, with neither prefix nor checksum.
//
//   threads  bound to the network thread
//   memory   a symbol each 1148 bytes (datagrams) or 32 764 bytes (streams); holds the access unit
#pragma once

#include <array>
#include <vector>

#include "media/access_unit.hpp"
#include "wire/packet.hpp"

namespace glimt::packetize {

struct Symbol {
  std::array<uint8_t, wire::kPrefixBytes> prefix;
  Bytes descriptor_part;  // in front of strip 0 only
  Bytes strip_part;
  uint32_t checksum = 0;  // of prefix and payload; each receiver's header is added to it
};

struct SymbolUnit : Shared {
  Sequence frame;
  Instant captured_at{};
  uint8_t blocks = 1;
  uint8_t strips = 1;
  bool key = true;
  bool complete = false;   // no further symbol will come
  bool abandoned = false;  // the encoder gave it up: the rest will not come
  size_t bytes = 0;        // of all payloads so far
  std::vector<Symbol> symbols;
  std::vector<uint8_t> descriptor;
  std::vector<media::Strip> strip_bytes;  // what the symbols are views into
  Ref<media::AccessUnit> unit;

  // An idle unit holds nobody's bytes.
  void on_idle() {
    symbols.clear();
    strip_bytes.clear();
    unit = {};
  }
};

}  // namespace glimt::packetize

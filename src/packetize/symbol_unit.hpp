// SymbolUnit: an access unit cut into symbols, once a stream, shared by all its receivers.
//
//   It grows strip by strip while receivers already send its first symbols.
//
//   threads  bound to the network thread
//   memory   a symbol each 1148 bytes (datagrams) or 32 764 bytes (streams), and the parity that its receivers need; holds
//            the access unit
#pragma once

#include <vector>

#include "media/access_unit.hpp"
#include "packetize/fec_encoder.hpp"

namespace glimt::packetize {

struct SymbolUnit : Shared {
  Sequence frame;
  Instant captured_at{};
  uint8_t blocks = 1;
  uint8_t strips = 1;
  bool key = true;
  bool complete = false;          // no further symbol will come
  bool abandoned = false;         // the encoder gave it up: the rest will not come
  size_t bytes = 0;               // of all payloads so far
  uint32_t expected_symbols = 1;  // exact where one strip is the whole frame
  std::vector<Symbol> symbols;
  FecEncoder parity;
  std::vector<uint8_t> descriptor;
  std::vector<media::Strip> strip_bytes;  // what the symbols are views into
  Ref<media::AccessUnit> unit;

  // Blocks that have symbols; of a unit that is complete, all.
  uint32_t used_blocks() const { return wire::used_blocks(static_cast<uint32_t>(symbols.size()), blocks); }
  FecEncoder::Row parity_row(uint8_t block, uint8_t row, uint8_t ahead = 0) {
    return parity.row(symbols, blocks, block, row, ahead);
  }

  // An idle unit holds nobody's bytes.
  void on_idle() {
    symbols.clear();
    parity.clear();
    strip_bytes.clear();
    unit = {};
  }
};

}  // namespace glimt::packetize

// Packetizer: cuts an access unit into symbols, strip by strip.
//
//   input    begin, strips in the order of their index, end
//   output   a SymbolUnit that grows with each strip
//   errors   exhausted where the unit needs more than 256 blocks of 128 symbols: it is abandoned
//   threads  thread-compatible; reads no clock
//   memory   one SymbolUnit a frame in flight, reused once warm
#pragma once

#include "packetize/symbol_unit.hpp"

namespace glimt::packetize {

class Packetizer {
 public:
  struct Options {
    // Bytes of a symbol, with its 4 bytes of prefix. More is fewer packets and a larger loss for each;
    // datagrams beyond the path's MTU are lost whole.
    size_t symbol_bytes = wire::kDatagramSymbolBytes;
  };

  explicit Packetizer(Options options) : payload_bytes_(options.symbol_bytes - wire::kPrefixBytes) {}

  Ref<SymbolUnit> begin(const Ref<media::AccessUnit>& unit, bool discontinuity);
  Result<void> add(SymbolUnit& to, const media::Strip& strip);
  void end(SymbolUnit& unit);

 private:
  void append(SymbolUnit& to, Bytes descriptor_part, Bytes strip_part, uint8_t strip, uint8_t flags);

  const size_t payload_bytes_;
  bool discontinuity_ = false;
  uint32_t predicted_symbols_ = 1;  // of the next unit whose strips come one by one
  Pool<SymbolUnit> pool_;
};

}  // namespace glimt::packetize

// SymbolPacketizer: cuts an access unit into the symbols of Glimt's own wire.
//
//   errors   exhausted where the unit needs more than 256 blocks of 128 symbols: it is abandoned
//   threads  thread-compatible; reads no clock
#pragma once

#include "packetize/packetizer.hpp"

namespace glimt::packetize {

// What stands in front of a unit's first strip, with its length: written to `to` from byte `at` on, which ends with it.
void write_descriptor(const media::UnitInfo& info, std::vector<uint8_t>& to, size_t at = 0);

class SymbolPacketizer final : public Packetizer {
 public:
  // Bytes of a symbol, with its 4 bytes of prefix. More is fewer packets and a larger loss for each; datagrams beyond
  // the path's MTU are lost whole.
  explicit SymbolPacketizer(size_t symbol_bytes = wire::kDatagramSymbolBytes)
      : payload_bytes_(symbol_bytes - wire::kPrefixBytes) {}

  Ref<SymbolUnit> begin(const Ref<media::AccessUnit>& unit, bool discontinuity) override;
  Result<void> add(SymbolUnit& to, const media::Strip& strip) override;
  Result<void> end(SymbolUnit& unit) override;

 private:
  void append(SymbolUnit& to, Bytes descriptor_part, Bytes strip_part, uint8_t strip, uint8_t flags);

  const size_t payload_bytes_;
  bool discontinuity_ = false;
  uint32_t predicted_symbols_ = 1;  // of the next unit whose strips come one by one
  Pool<SymbolUnit> pool_;
};

}  // namespace glimt::packetize

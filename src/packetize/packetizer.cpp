#include "packetize/packetizer.hpp"

#include "packetize/symbol_packetizer.hpp"

namespace glimt::packetize {

std::unique_ptr<Packetizer> make_packetizer(const Packetizer::Options& options) {
  switch (options.wire) {
    case wire::WireFormat::countdown:
      return make_countdown_packetizer();
    case wire::WireFormat::pickle_q:
    case wire::WireFormat::pickle_i:
      return make_pickle_packetizer();
    case wire::WireFormat::native:
      break;
  }
  return std::make_unique<SymbolPacketizer>(options.symbol_bytes);
}

void begin_symbol_unit(SymbolUnit& to, const Ref<media::AccessUnit>& unit) {
  to.frame = unit->info.number;
  to.captured_at = unit->info.stamps.captured_at;
  to.blocks = 1;
  to.strips = static_cast<uint8_t>(unit->info.strips);
  to.key = unit->info.key;
  to.complete = to.abandoned = false;
  to.bytes = 0;
  to.unit = unit;
}

}  // namespace glimt::packetize

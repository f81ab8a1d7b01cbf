#include "packetize/packet_history.hpp"

namespace glimt::packetize {

void PacketHistory::push(Ref<SymbolUnit> unit) {
  units_.push_newest(std::move(unit));
  size_t bytes = 0;  // units grow after they were pushed, so the sum is taken anew
  for (size_t i = 0; i < units_.size(); ++i) bytes += units_[i]->bytes;
  while (bytes > options_.max_bytes && units_.size() > 1) bytes -= units_.pop()->bytes;
}

Ref<SymbolUnit> PacketHistory::find(Sequence frame) const {
  for (size_t i = units_.size(); i-- > 0;) {
    if (units_[i]->frame == frame) return units_[i];
  }
  return {};
}

Ref<SymbolUnit> PacketHistory::newest_key() const {
  for (size_t i = units_.size(); i-- > 0;) {
    const auto& unit = units_[i];
    if (unit->abandoned) continue;
    return unit->key ? unit : Ref<SymbolUnit>();
  }
  return {};
}

}  // namespace glimt::packetize

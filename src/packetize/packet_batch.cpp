#include "packetize/packet_batch.hpp"

#include <algorithm>

namespace glimt::packetize {

Bytes PacketBatch::write_headers(Own& own, const SymbolUnit& unit, wire::Type type, wire::Place place,
                                 uint8_t rows, uint32_t session, uint64_t number, Instant now) {
  const auto total = static_cast<uint32_t>(unit.symbols.size());
  const auto age = std::chrono::duration_cast<std::chrono::microseconds>(now - unit.captured_at).count() / 16;
  ByteWriter out(own.headers);
  serialize(out, wire::Header{type, 0, 0, session, number});
  serialize(
      out,
      wire::DataHeader{
          unit.frame, static_cast<uint32_t>(to_us(unit.captured_at)), place.index, place.block, unit.blocks,
          static_cast<uint8_t>(unit.complete ? wire::block_symbols(total, place.block, unit.blocks) : 0),
          rows, unit.strips, static_cast<uint16_t>(std::clamp<int64_t>(age, 0, UINT16_MAX))});
  return out.written();
}

void PacketBatch::add(const SymbolUnit& unit, uint32_t symbol, uint32_t session, uint64_t number, Instant now,
                      uint8_t rows) {
  const Symbol& s = unit.symbols[symbol];
  Own& own = own_[count_];
  const auto place = wire::place_of(symbol, unit.blocks);
  const Bytes headers = write_headers(own, unit, wire::Type::data, place, rows, session, number, now);
  ByteWriter(std::span(own.headers).subspan(headers.size())).put(s.prefix);
  wire::write_tag(own.tag, wire::packet_checksum(s.checksum, headers));

  Gather& packet = packets_[count_++];
  packet = {};
  packet.add(own.headers);
  packet.add(s.descriptor_part);
  packet.add(s.strip_part);
  packet.add(own.tag);
}

void PacketBatch::add_parity(SymbolUnit& unit, wire::ParityPlace place, uint8_t rows, uint8_t ahead,
                             uint32_t session, uint64_t number, Instant now) {
  const auto row = unit.parity_row(place.block, place.row, ahead);
  Own& own = own_[count_];
  const Bytes headers =
      write_headers(own, unit, wire::Type::parity, {place.block, static_cast<uint8_t>(255 - place.row)}, rows,
                    session, number, now);
  wire::write_tag(own.tag, wire::packet_checksum(row.checksum, headers));

  Gather& packet = packets_[count_++];
  packet = {};
  packet.add(headers);
  packet.add(row.bytes);
  packet.add(own.tag);
}

}  // namespace glimt::packetize

#include "wire/packet.hpp"

#include <algorithm>

#include "base/crc32c.hpp"
#include "wire/erasure_code.hpp"

namespace glimt::wire {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short:
      return "too short";
    case Refusal::too_long:
      return "too long";
    case Refusal::version:
      return "unknown version";
    case Refusal::checksum:
      return "wrong checksum";
    case Refusal::epoch:
      return "unknown key epoch";
    case Refusal::contradiction:
      return "contradicting fields";
  }
  return "unknown";
}

void serialize(ByteWriter& out, const Header& header) {
  out.u8(kVersion);
  out.u8(static_cast<uint8_t>(header.type));
  out.u8(header.epoch);
  out.u8(header.stream);
  out.u32(header.session);
  out.u64(header.number);
}

void serialize(ByteWriter& out, const DataHeader& header) {
  out.u32(header.frame.value());
  out.u32(header.captured_us);
  out.u8(header.index);
  out.u8(header.block);
  out.u8(header.blocks);
  out.u8(header.k);
  out.u8(header.m);
  out.u8(header.strips);
  out.u16(header.age_16us);
}

void serialize(ByteWriter& out, const SymbolPrefix& prefix) {
  out.u16(prefix.length);
  out.u8(prefix.strip);
  out.u8(prefix.flags);
}

uint32_t symbol_checksum(Bytes prefix, Bytes payload, Bytes more_payload) {
  return crc32c(more_payload, crc32c(payload, crc32c(prefix)));
}

uint32_t packet_checksum(uint32_t symbol_checksum, Bytes headers) { return crc32c(headers, symbol_checksum); }

void write_tag(std::span<uint8_t, kTagBytes> tag, uint32_t checksum) {
  ByteWriter out(tag);
  out.u32(checksum);
  out.zeros(kTagBytes - 4);
}

Bytes seal_control(std::span<uint8_t> buffer, const Header& header, Bytes body) {
  if (kHeaderBytes + body.size() + kTagBytes > buffer.size()) return {};
  ByteWriter out(buffer);
  serialize(out, header);
  const Bytes headers = out.written();
  const uint32_t checksum = packet_checksum(crc32c(body), headers);
  out.put(body);
  write_tag(buffer.subspan(out.size()).first<kTagBytes>(), checksum);
  return buffer.first(out.size() + kTagBytes);
}

Parsed<Packet> parse_packet(Bytes datagram) {
  const auto refuse = [](Refusal why) { return Parsed<Packet>{std::nullopt, why}; };
  if (datagram.size() < kMinPacketBytes) return refuse(Refusal::too_short);
  if (datagram.size() > kMaxPacketBytes) return refuse(Refusal::too_long);
  ByteReader in(datagram);
  if (in.u8() != kVersion) return refuse(Refusal::version);
  Packet packet;
  packet.header.type = static_cast<Type>(in.u8());
  packet.header.epoch = in.u8();
  packet.header.stream = in.u8();
  packet.header.session = in.u32();
  packet.header.number = in.u64();
  const bool has_symbol = packet.header.type == Type::data || packet.header.type == Type::parity;
  const size_t headers = has_symbol ? kDataHeaderBytes : kHeaderBytes;
  if (datagram.size() < headers + kTagBytes) return refuse(Refusal::too_short);
  packet.body = datagram.subspan(kHeaderBytes, datagram.size() - kHeaderBytes - kTagBytes);
  ByteReader tag(datagram.last(kTagBytes));
  const uint32_t checksum = tag.u32();
  const Bytes behind_headers = datagram.subspan(headers, datagram.size() - headers - kTagBytes);
  if (checksum != packet_checksum(crc32c(behind_headers), datagram.first(headers)))
    return refuse(Refusal::checksum);
  if (tag.u32() != 0 || tag.u64() != 0) return refuse(Refusal::checksum);
  if (packet.header.epoch != 0) return refuse(Refusal::epoch);
  return {packet, {}};
}

namespace {

DataHeader parse_data_header(ByteReader& in) {
  DataHeader d;
  d.frame = Sequence(in.u32());
  d.captured_us = in.u32();
  d.index = in.u8();
  d.block = in.u8();
  d.blocks = in.u8();
  d.k = in.u8();
  d.m = in.u8();
  d.strips = in.u8();
  d.age_16us = in.u16();
  return d;
}

bool is_possible(const DataHeader& d) {
  return d.blocks > 0 && d.strips > 0 && d.k <= kMaxBlockSymbols && d.m <= kMaxParityRows;
}

}  // namespace

SymbolPrefix parse_prefix(ByteReader& in) {
  SymbolPrefix prefix;
  prefix.length = in.u16();
  prefix.strip = in.u8();
  prefix.flags = in.u8();
  return prefix;
}

bool is_possible(const SymbolPrefix& prefix, uint8_t strips) {
  return prefix.strip < strips && (prefix.flags & ~kKnownFlags) == 0 &&
         (!(prefix.flags & kFrameEnd) || (prefix.flags & kStripEnd));
}

Parsed<DataPacket> parse_data(const Packet& packet) {
  const auto refuse = [](Refusal why) { return Parsed<DataPacket>{std::nullopt, why}; };
  ByteReader in(packet.body);
  DataPacket p;
  p.header = packet.header;
  p.data = parse_data_header(in);
  p.prefix = parse_prefix(in);
  if (!in.ok() || p.prefix.length > in.left()) return refuse(Refusal::too_short);
  if (p.prefix.length < in.left()) return refuse(Refusal::too_long);
  p.payload = in.rest();
  const auto& d = p.data;
  const bool possible = is_possible(d) && is_possible(p.prefix, d.strips) && d.index < kMaxBlockSymbols &&
                        (d.k == 0 || d.index < d.k);
  if (!possible) return refuse(Refusal::contradiction);
  return {p, {}};
}

Parsed<ParityPacket> parse_parity(const Packet& packet) {
  const auto refuse = [](Refusal why) { return Parsed<ParityPacket>{std::nullopt, why}; };
  ByteReader in(packet.body);
  ParityPacket p;
  p.header = packet.header;
  p.data = parse_data_header(in);
  p.symbol = in.rest();
  if (!in.ok() || p.symbol.size() < kPrefixBytes) return refuse(Refusal::too_short);
  p.row = static_cast<uint8_t>(255 - p.data.index);
  if (!is_possible(p.data) || p.data.k == 0 || p.row >= p.data.m) return refuse(Refusal::contradiction);
  return {p, {}};
}

Place place_of(uint32_t symbol, uint8_t blocks) {
  const uint32_t group_size = uint32_t{blocks} * kMaxBlockSymbols;
  const uint32_t group = symbol / group_size;
  const uint32_t within = symbol % group_size;
  return {static_cast<uint8_t>(group * blocks + within % blocks), static_cast<uint8_t>(within / blocks)};
}

uint32_t symbol_of(Place place, uint8_t blocks) {
  const uint32_t group = place.block / blocks;
  return group * blocks * kMaxBlockSymbols + uint32_t{place.index} * blocks + place.block % blocks;
}

uint32_t block_symbols(uint32_t symbols, uint8_t block, uint8_t blocks) {
  const uint32_t group_size = uint32_t{blocks} * kMaxBlockSymbols;
  const uint32_t before = block / blocks * group_size;
  if (symbols <= before) return 0;
  const uint32_t in_group = std::min(symbols - before, group_size);
  const uint32_t column = block % blocks;
  return in_group > column ? (in_group - column - 1) / blocks + 1 : 0;
}

uint32_t used_blocks(uint32_t symbols, uint8_t blocks) {
  const uint32_t group_size = uint32_t{blocks} * kMaxBlockSymbols;
  return symbols / group_size * blocks + std::min<uint32_t>(symbols % group_size, blocks);
}

uint8_t blocks_for(uint32_t symbols) {
  const uint32_t blocks = (symbols + kMaxBlockSymbols - 1) / kMaxBlockSymbols;
  return static_cast<uint8_t>(std::clamp<uint32_t>(blocks, 1, 255));
}

}  // namespace glimt::wire

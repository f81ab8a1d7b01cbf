#include "packetize/symbol_packetizer.hpp"

#include <algorithm>

#include "wire/descriptor.hpp"

namespace glimt::packetize {
namespace {

uint32_t symbols_in(size_t bytes, size_t payload_bytes) {
  return static_cast<uint32_t>(std::max<size_t>(1, (bytes + payload_bytes - 1) / payload_bytes));
}

}  // namespace

void write_descriptor(const media::UnitInfo& info, std::vector<uint8_t>& to, size_t at) {
  wire::Descriptor d;
  d.codec = info.codec;
  d.format = info.format;
  d.width = static_cast<uint16_t>(info.width);
  d.height = static_cast<uint16_t>(info.height);
  d.strips = static_cast<uint8_t>(info.strips);
  d.captured_us = to_us(info.stamps.captured_at);
  d.clock_id = info.clock_id;
  if (info.stamps.encoded_at > info.stamps.captured_at) {
    d.encoded_after_us =
        static_cast<uint32_t>(std::min<int64_t>(to_us(info.stamps.encoded_at) - d.captured_us, UINT32_MAX));
  }
  d.again = info.again;
  d.metadata = info.metadata;
  to.resize(at + wire::kDescriptorFieldsBytes + info.metadata.size());
  ByteWriter out(std::span<uint8_t>(to).subspan(at));
  serialize(out, d);
  to.resize(at + out.size());
}

Ref<SymbolUnit> SymbolPacketizer::begin(const Ref<media::AccessUnit>& unit, bool discontinuity) {
  auto to = pool_.take();
  begin_symbol_unit(*to, unit);
  to->expected_symbols = predicted_symbols_;
  to->blocks = wire::blocks_for(predicted_symbols_);
  if (to->blocks > 128) to->blocks = 255;  // a further group would not fit: all the room there is, at once
  discontinuity_ = discontinuity;
  return to;
}

Result<void> SymbolPacketizer::add(SymbolUnit& to, const media::Strip& strip) {
  Bytes head;
  if (strip.index == 0) {
    write_descriptor(to.unit->info, to.descriptor);
    head = to.descriptor;
    if (to.strips == 1) {
      to.expected_symbols = symbols_in(head.size() + strip.bytes.size(), payload_bytes_);
      to.blocks = wire::blocks_for(to.expected_symbols);
    }
  }
  const size_t size = head.size() + strip.bytes.size();
  const uint32_t symbols = symbols_in(size, payload_bytes_);
  const uint32_t room = 256u / to.blocks * to.blocks * wire::kMaxBlockSymbols;
  if (to.symbols.size() + symbols > room || size > size_t{room} * payload_bytes_) {
    to.abandoned = to.complete = true;
    return Error{ErrorKind::exhausted,
                 "an encoded frame of " + std::to_string(to.bytes + size) +
                     " bytes is over what datagrams can carry; use tcp:// or a lower quality"};
  }
  to.strip_bytes.push_back(strip);
  const bool last_strip = strip.index + 1 == to.strips;
  Bytes body = strip.bytes;
  for (uint32_t i = 0; i < symbols; ++i) {
    const Bytes head_part = head.first(std::min(head.size(), payload_bytes_));
    head = head.subspan(head_part.size());
    const Bytes body_part = body.first(std::min(body.size(), payload_bytes_ - head_part.size()));
    body = body.subspan(body_part.size());
    uint8_t flags = i == 0 ? wire::kStripStart : 0;
    if (i + 1 == symbols) flags |= wire::kStripEnd | (last_strip ? wire::kFrameEnd : 0);
    append(to, head_part, body_part, static_cast<uint8_t>(strip.index), flags);
  }
  to.bytes += size;
  to.complete = last_strip;  // what its packets say of k is final from here on
  return {};
}

void SymbolPacketizer::append(SymbolUnit& to, Bytes descriptor_part, Bytes strip_part, uint8_t strip,
                              uint8_t flags) {
  if (to.key) flags |= wire::kKeyFrame;
  if (discontinuity_) flags |= wire::kDiscontinuity;
  Symbol symbol{{}, descriptor_part, strip_part, 0};
  ByteWriter out(symbol.prefix);
  wire::serialize(out, {static_cast<uint16_t>(descriptor_part.size() + strip_part.size()), strip, flags});
  symbol.checksum = wire::symbol_checksum(symbol.prefix, descriptor_part, strip_part);
  to.symbols.push_back(symbol);
}

Result<void> SymbolPacketizer::end(SymbolUnit& unit) {
  unit.complete = true;
  predicted_symbols_ = static_cast<uint32_t>(unit.symbols.size()) * 5 / 4;
  return {};
}

}  // namespace glimt::packetize

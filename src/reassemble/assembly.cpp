#include "reassemble/assembly.hpp"

#include <algorithm>
#include <cstring>

#include "media/jpeg_layout.hpp"
#include "wire/descriptor.hpp"

namespace glimt::reassemble {

void Assembly::start(const wire::DataHeader& first, Instant now, Ref<media::AccessUnit> unit,
                     media::BufferPool& buffers, size_t expected_bytes, const Limits& limits) {
  limits_ = limits;
  unit_ = std::move(unit);
  unit_->clear();
  buffers_ = &buffers;
  buffer_ = buffers.take();
  buffer_->reserve(std::min(expected_bytes, limits.max_unit_bytes));
  header_ = first;
  key_.reset();
  first_arrival_ = last_arrival_ = now;
  have_.clear();
  prefixes_.clear();
  fec_.start(first.blocks, limits.payload_bytes + wire::kPrefixBytes);
  strips_.assign(first.strips, StripState{});
  extent_ = recovered_ = 0;
  total_.reset();
  descriptor_bytes_ = strips_done_ = 0;
  described_ = malformed_ = false;
  headers_bytes_ = 0;
}

void Assembly::release() {
  extent_ = 0;
  fec_.release();
  unit_ = {};
  buffer_ = {};
}

bool Assembly::agrees(const wire::DataHeader& d) const {
  return d.blocks == header_.blocks && d.strips == header_.strips && d.captured_us == header_.captured_us;
}

bool Assembly::fits(uint32_t symbol) const {
  return (size_t{symbol} + 1) * limits_.payload_bytes <= limits_.max_unit_bytes + limits_.payload_bytes;
}

bool Assembly::consistent(const wire::DataPacket& packet, uint32_t symbol) const {
  const auto& d = packet.data;
  const bool is_key = packet.prefix.flags & wire::kKeyFrame;
  if (!agrees(d) || (key_ && *key_ != is_key) || !fec_.agrees(d)) return false;
  const bool is_end = packet.prefix.flags & wire::kStripEnd;
  if (packet.prefix.length > limits_.payload_bytes ||
      (!is_end && packet.prefix.length < limits_.payload_bytes)) {
    return false;
  }
  if (!fits(symbol)) return false;
  if (total_ && symbol >= *total_) return false;
  if (packet.prefix.flags & wire::kFrameEnd) {
    if (packet.prefix.strip + 1 != d.strips || symbol + 1 < extent_ || (total_ && *total_ != symbol + 1))
      return false;
  }
  const auto& strip = strips_[packet.prefix.strip];
  if (strip.done) return false;
  const bool two_starts = (packet.prefix.flags & wire::kStripStart) && strip.start && *strip.start != symbol;
  const bool two_ends = is_end && strip.end && *strip.end != symbol;
  return !two_starts && !two_ends;
}

bool Assembly::mark(uint32_t symbol) {
  const size_t word = symbol / 64;
  if (word >= have_.size()) have_.resize(word + 1);
  const uint64_t bit = uint64_t{1} << (symbol % 64);
  if (have_[word] & bit) return false;
  have_[word] |= bit;
  return true;
}

Assembly::Outcome Assembly::add(const wire::DataPacket& packet, Instant now) {
  const Outcome outcome = add_symbol(packet, now);
  if (outcome == Outcome::added) solve(packet.data.block, now);
  return outcome;
}

Assembly::Outcome Assembly::add(const wire::ParityPacket& packet, Instant now) {
  const auto& d = packet.data;
  const uint32_t last = wire::symbol_of({d.block, static_cast<uint8_t>(d.k - 1)}, header_.blocks);
  if (malformed_ || !agrees(d) || !fits(last) || (total_ && last >= *total_)) return Outcome::refused;
  switch (fec_.add(packet)) {
    case FecDecoder::Outcome::refused:
      return Outcome::refused;
    case FecDecoder::Outcome::repeated:
      return Outcome::repeated;
    case FecDecoder::Outcome::unneeded:
      return Outcome::unneeded;
    case FecDecoder::Outcome::added:
      break;
  }
  last_arrival_ = now;
  solve(d.block, now);
  return Outcome::added;
}

void Assembly::solve(uint8_t block, Instant now) {
  if (!fec_.block(block).is_solvable()) return;
  std::array<uint8_t, wire::kStreamSymbolBytes> scratch;
  fec_.solve(
      block,
      [&](uint8_t index) {
        return symbol_at(wire::symbol_of({block, index}, header_.blocks), scratch);
      },
      [&](uint8_t index, Bytes symbol) {
        return recover({block, index}, symbol, now);
      });
}

Bytes Assembly::symbol_at(uint32_t symbol, std::span<uint8_t> scratch) const {
  const auto& prefix = prefixes_[symbol];
  ByteWriter out(scratch);
  serialize(out, prefix);
  out.put({buffer_->data() + size_t{symbol} * limits_.payload_bytes, prefix.length});
  return out.written();
}

// False where the symbol is none: then its parity was of something else.
bool Assembly::recover(wire::Place place, Bytes symbol, Instant now) {
  ByteReader in(symbol);
  wire::DataPacket packet;
  packet.data = header_;
  packet.data.block = place.block;
  packet.data.index = place.index;
  packet.data.k = fec_.block(place.block).k;
  packet.data.m = fec_.block(place.block).m;
  packet.prefix = wire::parse_prefix(in);
  packet.payload = in.take(packet.prefix.length);
  const Bytes filling = in.rest();
  const bool possible = in.ok() && is_possible(packet.prefix, header_.strips) &&
                        std::all_of(filling.begin(), filling.end(), [](uint8_t b) { return b == 0; });
  if (!possible || add_symbol(packet, now) != Outcome::added) return false;
  ++recovered_;
  return true;
}

Assembly::Outcome Assembly::add_symbol(const wire::DataPacket& packet, Instant now) {
  const uint32_t symbol = wire::symbol_of({packet.data.block, packet.data.index}, packet.data.blocks);
  if (symbol / 64 < have_.size() && (have_[symbol / 64] >> (symbol % 64) & 1)) return Outcome::repeated;
  if (malformed_ || !consistent(packet, symbol)) return Outcome::refused;
  mark(symbol);
  fec_.note_data(packet.data);
  key_ = (packet.prefix.flags & wire::kKeyFrame) != 0;
  if (symbol >= prefixes_.size()) prefixes_.resize(symbol + size_t{1});
  prefixes_[symbol] = packet.prefix;
  last_arrival_ = now;
  place(packet, symbol);

  auto& strip = strips_[packet.prefix.strip];
  ++strip.symbols;
  strip.lowest = std::min(strip.lowest, symbol);
  strip.highest = std::max(strip.highest, symbol);
  if (packet.prefix.flags & wire::kStripStart) strip.start = symbol;
  if (packet.prefix.flags & wire::kStripEnd) {
    strip.end = symbol;
    strip.last_length = packet.prefix.length;
  }
  if (packet.prefix.flags & wire::kFrameEnd) {
    total_ = symbol + 1;
    fec_.set_total(*total_);
  }
  if (strip.start && strip.end && strip.symbols == *strip.end - *strip.start + 1)
    finish_strip(packet.prefix.strip);
  return Outcome::added;
}

void Assembly::place(const wire::DataPacket& packet, uint32_t symbol) {
  const size_t offset = size_t{symbol} * limits_.payload_bytes;
  const size_t needed = offset + packet.prefix.length;
  if (needed > buffer_->capacity()) grow(needed);
  if (!packet.payload.empty())
    std::memcpy(buffer_->data() + offset, packet.payload.data(), packet.payload.size());
  extent_ = std::max(extent_, symbol + 1);
}

// Twice as much each time, so that a growing frame is copied once on average. Strips that were handed on keep
// the bytes they look at: then the frame moves to another buffer.
void Assembly::grow(size_t needed) {
  const size_t used = std::min(size_t{extent_} * limits_.payload_bytes, buffer_->capacity());
  const size_t size = std::max(needed, std::min(buffer_->capacity() * 2, limits_.max_unit_bytes));
  if (buffer_->unique()) {
    buffer_->reserve(size, used);
    return;
  }
  auto larger = buffers_->take();
  larger->reserve(size);
  std::memcpy(larger->data(), buffer_->data(), used);
  buffer_ = std::move(larger);
}

// Strips must follow each other without a gap, or what is between them would be bytes that never came.
void Assembly::finish_strip(size_t index) {
  auto& strip = strips_[index];
  const bool own_range = strip.lowest == *strip.start && strip.highest == *strip.end;
  const auto follows = [](const StripState& before, const StripState& after) {
    return !before.end || !after.start || *before.end + 1 == *after.start;
  };
  const bool first = index > 0 || *strip.start == 0;
  const bool after_previous = index == 0 || follows(strips_[index - 1], strip);
  const bool before_next = index + 1 == strips_.size() || follows(strip, strips_[index + 1]);
  if (!own_range || !first || !after_previous || !before_next) {
    malformed_ = true;
    return;
  }
  strip.done = true;
  ++strips_done_;
  if (index == 0) read_descriptor(strip_bytes(strip));
}

Bytes Assembly::strip_bytes(const StripState& strip) const {
  const size_t size = size_t{*strip.end - *strip.start} * limits_.payload_bytes + strip.last_length;
  return {buffer_->data() + size_t{*strip.start} * limits_.payload_bytes, size};
}

void Assembly::read_descriptor(Bytes head) {
  ByteReader in(head);
  const uint32_t length = in.u32();
  const Bytes bytes = in.take(length);
  const auto d = in.ok() ? wire::parse_descriptor(bytes) : std::nullopt;
  const bool agrees = d && d->strips == header_.strips &&
                      static_cast<uint32_t>(d->captured_us) == header_.captured_us &&
                      media::check_size(d->format, d->width, d->height, limits_.max_frame_bytes);
  if (!agrees) {
    malformed_ = true;
    return;
  }
  descriptor_bytes_ = wire::kDescriptorLengthBytes + length;
  auto& info = unit_->info;
  info.codec = d->codec;
  info.format = d->format;
  info.width = d->width;
  info.height = d->height;
  info.strips = d->strips;
  info.clock_id = d->clock_id;
  info.number = header_.frame;
  info.key = is_key();
  info.again = d->again;
  info.metadata.assign(d->metadata.begin(), d->metadata.end());
  info.sender_captured_us = d->captured_us;
  info.stamps.captured_at = from_us(d->captured_us);
  if (d->encoded_after_us > 0) info.stamps.encoded_at = from_us(d->captured_us + d->encoded_after_us);
  info.stamps.sent_at = from_us(d->captured_us + header_.age_16us * 16);
  info.stamps.arrived_at = first_arrival_;
  described_ = true;
}

std::optional<media::Strip> Assembly::take_strip() {
  if (!described_ || malformed_) return std::nullopt;
  for (size_t i = 0; i < strips_.size(); ++i) {
    auto& strip = strips_[i];
    const bool cut_off = i == 0 && headers_bytes_ > 0;
    if (!(strip.done || cut_off) || strip.taken) continue;
    strip.taken = true;
    if (cut_off)
      return media::Strip{buffer_, Bytes(buffer_->data() + descriptor_bytes_, headers_bytes_), 0, true};
    Bytes bytes = strip_bytes(strip);
    if (i == 0) bytes = bytes.subspan(descriptor_bytes_);
    return media::Strip{buffer_, bytes, static_cast<int>(i)};
  }
  return std::nullopt;
}

// What came of the frame without a gap from its first symbol on, of the first strip.
Bytes Assembly::head_bytes() const {
  uint32_t symbols = 0;
  while (symbols / 64 < have_.size() && (have_[symbols / 64] >> (symbols % 64) & 1) &&
         prefixes_[symbols].strip == 0 && !(prefixes_[symbols].flags & wire::kStripEnd)) {
    ++symbols;
  }
  return {buffer_->data(), size_t{symbols} * limits_.payload_bytes};
}

bool Assembly::end_incomplete() {
  if (malformed_ || strips_.size() < 2 || strips_done_ == 0) return false;
  const Bytes head = head_bytes();
  if (!described_ && !head.empty()) read_descriptor(head);
  if (!described_ || malformed_ || unit_->info.codec != Codec::jpeg) return false;
  if (strips_[0].done) return true;
  const auto layout = media::read_jpeg_headers(head.subspan(descriptor_bytes_));
  if (layout) headers_bytes_ = layout->entropy_at;
  return layout.has_value();
}

media::StripSet Assembly::missing() const {
  media::StripSet set;
  for (size_t i = 0; i < strips_.size(); ++i) set[i] = !strips_[i].done;
  return set;
}

bool Assembly::is_whole() const {
  return !malformed_ && described_ && total_ && strips_done_ == strips_.size() && *total_ == extent_;
}

}  // namespace glimt::reassemble

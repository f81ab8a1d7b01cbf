#include "reassemble/assembly.hpp"

#include <algorithm>
#include <cstring>

#include "wire/descriptor.hpp"

namespace glimt::reassemble {

void Assembly::start(const wire::DataPacket& first, Instant now, Ref<media::AccessUnit> unit,
                     media::BufferPool& buffers, size_t expected_bytes, const Limits& limits) {
  limits_ = limits;
  unit_ = std::move(unit);
  unit_->clear();
  buffers_ = &buffers;
  buffer_ = buffers.take();
  buffer_->reserve(std::min(expected_bytes, limits.max_unit_bytes));
  header_ = first.data;
  key_ = (first.prefix.flags & wire::kKeyFrame) != 0;
  first_arrival_ = last_arrival_ = now;
  have_.clear();
  strips_.assign(first.data.strips, StripState{});
  extent_ = 0;
  total_.reset();
  descriptor_bytes_ = strips_done_ = 0;
  described_ = malformed_ = false;
}

void Assembly::release() {
  extent_ = 0;
  unit_ = {};
  buffer_ = {};
}

bool Assembly::consistent(const wire::DataPacket& packet, uint32_t symbol) const {
  const auto& d = packet.data;
  if (d.blocks != header_.blocks || d.strips != header_.strips || d.captured_us != header_.captured_us ||
      key_ != ((packet.prefix.flags & wire::kKeyFrame) != 0)) {
    return false;
  }
  const bool is_end = packet.prefix.flags & wire::kStripEnd;
  if (packet.prefix.length > limits_.payload_bytes ||
      (!is_end && packet.prefix.length < limits_.payload_bytes)) {
    return false;
  }
  if ((size_t{symbol} + 1) * limits_.payload_bytes > limits_.max_unit_bytes + limits_.payload_bytes)
    return false;
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
  const uint32_t symbol = wire::symbol_of({packet.data.block, packet.data.index}, packet.data.blocks);
  if (symbol / 64 < have_.size() && (have_[symbol / 64] >> (symbol % 64) & 1)) return Outcome::repeated;
  if (malformed_ || !consistent(packet, symbol)) return Outcome::refused;
  mark(symbol);
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
  if (packet.prefix.flags & wire::kFrameEnd) total_ = symbol + 1;
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
  if (index == 0) read_descriptor();
}

Bytes Assembly::strip_bytes(const StripState& strip) const {
  const size_t size = size_t{*strip.end - *strip.start} * limits_.payload_bytes + strip.last_length;
  return {buffer_->data() + size_t{*strip.start} * limits_.payload_bytes, size};
}

void Assembly::read_descriptor() {
  ByteReader in(strip_bytes(strips_[0]));
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
  info.key = key_;
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
    if (!strip.done || strip.taken) continue;
    strip.taken = true;
    Bytes bytes = strip_bytes(strip);
    if (i == 0) bytes = bytes.subspan(descriptor_bytes_);
    return media::Strip{buffer_, bytes, static_cast<int>(i)};
  }
  return std::nullopt;
}

bool Assembly::is_whole() const {
  return !malformed_ && described_ && total_ && strips_done_ == strips_.size() && *total_ == extent_;
}

}  // namespace glimt::reassemble

// FramePackets: the data packets of one frame, built by hand, so that the receiving side is judged
// without the sending one.
//
//   output   data packets in the order of their symbols, and parity, as views into bytes that live as long as this does
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "wire/descriptor.hpp"
#include "wire/erasure_code.hpp"
#include "wire/packet.hpp"

namespace glimt::test {

class FramePackets {
 public:
  struct Options {
    size_t payload_bytes = 64;
    uint8_t blocks = 1;
    Instant captured_at{};
    uint16_t width = 8, height = 8;
    std::string metadata;
    bool key = true;
    Codec codec = Codec::raw;
    uint8_t rows = 0;     // that the packets announce
    bool says_k = false;  // they were sent once the frame was known whole
    uint64_t clock_id = 42;
  };

  FramePackets(uint32_t number, const std::vector<std::string>& strips, const Options& options)
      : options_(options), strips_(strips) {
    data_.frame = Sequence(number);
    data_.captured_us = static_cast<uint32_t>(to_us(options.captured_at));
    data_.blocks = options.blocks;
    data_.strips = static_cast<uint8_t>(strips.size());
    bytes_.reserve(strips.size());
    for (size_t i = 0; i < strips.size(); ++i) add_strip(i);
    for (auto& p : packets_) {
      p.data.m = options.rows;
      if (options.says_k) p.data.k = k_of(p.data.block);
    }
  }
  FramePackets(FramePackets&&) = default;
  FramePackets& operator=(FramePackets&&) = default;

  size_t size() const { return packets_.size(); }
  // `sent_at`: what the packet says of its age.
  wire::DataPacket packet(size_t i, Instant sent_at) const {
    wire::DataPacket p = packets_[i];
    p.data.age_16us = static_cast<uint16_t>(
        std::clamp<int64_t>((to_us(sent_at) - to_us(options_.captured_at)) / 16, 0, UINT16_MAX));
    return p;
  }
  uint8_t k_of(uint8_t block) const {
    return static_cast<uint8_t>(
        wire::block_symbols(static_cast<uint32_t>(packets_.size()), block, data_.blocks));
  }
  wire::ParityPacket parity(uint8_t block, uint8_t row, uint8_t rows) {
    std::vector<uint8_t>& sum = parity_.emplace_back();
    for (const auto& p : packets_) {
      if (p.data.block == block) sum.resize(std::max(sum.size(), wire::kPrefixBytes + p.payload.size()));
    }
    uint8_t* const to[] = {sum.data()};
    for (const auto& p : packets_) {
      if (p.data.block != block) continue;
      std::vector<uint8_t> symbol(wire::kPrefixBytes + p.payload.size());
      ByteWriter out(symbol);
      serialize(out, p.prefix);
      out.put(p.payload);
      wire::add_to_rows(symbol, p.data.index, {&row, 1}, to);
    }
    wire::ParityPacket p;
    p.data = data_;
    p.data.block = block;
    p.data.index = static_cast<uint8_t>(255 - row);
    p.data.k = k_of(block);
    p.data.m = rows;
    p.row = row;
    p.symbol = sum;
    return p;
  }
  wire::DataPacket& operator[](size_t i) { return packets_[i]; }
  const std::vector<std::string>& strips() const { return strips_; }

 private:
  void add_strip(size_t index) {
    std::string bytes = index == 0 ? descriptor() + strips_[0] : strips_[index];
    bytes_.push_back(std::move(bytes));
    const Bytes all = as_bytes(bytes_.back());
    size_t at = 0;
    do {
      const Bytes payload = all.subspan(at, std::min(options_.payload_bytes, all.size() - at));
      const bool last = at + payload.size() == all.size();
      int flags = (options_.key ? wire::kKeyFrame : 0) | (at == 0 ? wire::kStripStart : 0) |
                  (last ? wire::kStripEnd : 0);
      if (last && index + 1 == strips_.size()) flags |= wire::kFrameEnd;
      add_packet(payload, static_cast<uint8_t>(index), static_cast<uint8_t>(flags));
      at += payload.size();
    } while (at < all.size());
  }

  void add_packet(Bytes payload, uint8_t strip, uint8_t flags) {
    wire::DataPacket p;
    p.data = data_;
    const auto place = wire::place_of(static_cast<uint32_t>(packets_.size()), data_.blocks);
    p.data.block = place.block;
    p.data.index = place.index;
    p.prefix = {static_cast<uint16_t>(payload.size()), strip, flags};
    p.payload = payload;
    packets_.push_back(p);
  }

  std::string descriptor() const {
    wire::Descriptor d;
    d.codec = options_.codec;
    d.format = PixelFormat::gray8;
    d.width = options_.width;
    d.height = options_.height;
    d.strips = static_cast<uint8_t>(strips_.size());
    d.captured_us = to_us(options_.captured_at);
    d.clock_id = options_.clock_id;
    d.metadata = as_bytes(options_.metadata);
    std::string bytes(wire::kDescriptorFieldsBytes + options_.metadata.size(), '\0');
    ByteWriter out({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    serialize(out, d);
    bytes.resize(out.size());
    return bytes;
  }

  Options options_;
  std::vector<std::string> strips_;
  wire::DataHeader data_;
  std::vector<std::string> bytes_;  // of each strip, the descriptor in front of the first
  std::vector<wire::DataPacket> packets_;
  std::deque<std::vector<uint8_t>> parity_;
};

}  // namespace glimt::test

// PacketBatch: the packets of one send to one receiver: headers and tags of its own, symbols shared.
//
//   input    symbols of units that outlive the batch; the receiver's session and the next packet number; now
//   output   gathered packets, good until clear()
//   threads  thread-compatible; reads no clock
//   memory   54 headers and tags, fixed
#pragma once

#include <array>
#include <span>

#include "base/gather.hpp"
#include "packetize/symbol_unit.hpp"

namespace glimt::packetize {

class PacketBatch {
 public:
  // As many of 1200 bytes as the kernel takes in one segmented send.
  static constexpr size_t kMaxPackets = 54;

  void clear() { count_ = 0; }
  bool full() const { return count_ == kMaxPackets; }
  // Both only where not full(). `rows`: parity rows of each block that this receiver is to get.
  void add(const SymbolUnit& unit, uint32_t symbol, uint32_t session, uint64_t number, Instant now,
           uint8_t rows = 0);
  // Of a unit that is complete. Further rows of the block, `ahead` of them, are going to follow.
  void add_parity(SymbolUnit& unit, wire::ParityPlace place, uint8_t rows, uint8_t ahead, uint32_t session,
                  uint64_t number, Instant now);
  std::span<const Gather> packets() const { return std::span(packets_).first(count_); }

 private:
  struct Own;
  Bytes write_headers(Own& own, const SymbolUnit& unit, wire::Type type, wire::Place place, uint8_t rows,
                      uint32_t session, uint64_t number, Instant now);

  struct Own {
    std::array<uint8_t, wire::kDataHeaderBytes + wire::kPrefixBytes> headers;
    std::array<uint8_t, wire::kTagBytes> tag;
  };
  std::array<Own, kMaxPackets> own_;
  std::array<Gather, kMaxPackets> packets_;
  size_t count_ = 0;
};

}  // namespace glimt::packetize

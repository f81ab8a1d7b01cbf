// Assembly: the symbols of one frame on their way to becoming an access unit.
//
//   Every symbol but a strip's last is full, so symbol n lies at n * payload_bytes and each strip is one run
//   of bytes in the frame's buffer: one copy from the datagram, none after that.
//
//   What parity gives back enters as if it had arrived.
//
//   input    data and parity packets of one frame, in any order, any number of times
//   output   strips that are complete; whether the frame is whole
//   errors   Outcome::refused where packets contradict each other
//   threads  thread-compatible
//   memory   the frame's bytes, at most max_unit_bytes, taken as symbols come; one bit and a few bytes a
//            symbol; parity rows as they come, no more than symbols are missing
#pragma once

#include <optional>
#include <vector>

#include "media/access_unit.hpp"
#include "reassemble/fec_decoder.hpp"

namespace glimt::reassemble {

class Assembly {
 public:
  struct Limits {
    size_t payload_bytes = wire::kDatagramSymbolBytes - wire::kPrefixBytes;
    size_t max_unit_bytes = size_t{64} << 20;   // encoded bytes
    size_t max_frame_bytes = size_t{64} << 20;  // uncompressed pixels, as the descriptor announces them
  };
  enum class Outcome { added, repeated, refused, unneeded };

  // Forgets everything but its capacity. `expected_bytes` is what the last frames took;
  // `buffers` outlives the assembly.
  void start(const wire::DataHeader& first, Instant now, Ref<media::AccessUnit> unit,
             media::BufferPool& buffers, size_t expected_bytes, const Limits& limits);
  Outcome add(const wire::DataPacket& packet, Instant now);
  Outcome add(const wire::ParityPacket& packet, Instant now);

  // The next complete strip that was not taken yet, once the descriptor is there. Empty where there is none.
  std::optional<media::Strip> take_strip();
  // No further packet will come. True where what is there can be shown beside strips of the picture before: a JPEG in strips, its
  // headers and at least one strip. Of the first strip take_strip() then gives the headers, where the rest is missing.
  bool end_incomplete();
  media::StripSet missing() const;
  bool has_descriptor() const { return described_; }
  bool is_whole() const;
  bool is_malformed() const { return malformed_; }
  bool is_key() const { return key_.value_or(false); }  // as each of its data packets says
  bool is_delta() const { return key_ && !*key_; }

  const Ref<media::AccessUnit>& unit() const { return unit_; }
  Instant first_arrival() const { return first_arrival_; }
  Instant last_arrival() const { return last_arrival_; }
  size_t extent_bytes() const { return size_t{extent_} * limits_.payload_bytes; }
  size_t held_bytes() const { return extent_bytes() + fec_.held_bytes(); }
  const FecDecoder& blocks() const { return fec_; }
  // Symbols that did not come and are there nevertheless.
  uint32_t recovered() const { return recovered_; }
  void release();

 private:
  struct StripState {
    uint32_t symbols = 0, lowest = UINT32_MAX, highest = 0;
    std::optional<uint32_t> start, end;
    uint16_t last_length = 0;
    bool done = false;   // complete
    bool taken = false;  // handed on
  };

  bool agrees(const wire::DataHeader& header) const;
  bool fits(uint32_t symbol) const;
  bool consistent(const wire::DataPacket& packet, uint32_t symbol) const;
  Outcome add_symbol(const wire::DataPacket& packet, Instant now);
  void solve(uint8_t block, Instant now);
  bool recover(wire::Place place, Bytes symbol, Instant now);
  Bytes symbol_at(uint32_t symbol, std::span<uint8_t> scratch) const;
  bool mark(uint32_t symbol);
  void place(const wire::DataPacket& packet, uint32_t symbol);
  void grow(size_t needed);
  void finish_strip(size_t index);
  void read_descriptor(Bytes head);
  Bytes head_bytes() const;
  Bytes strip_bytes(const StripState& strip) const;

  Limits limits_;
  Ref<media::AccessUnit> unit_;
  media::BufferPool* buffers_ = nullptr;  // borrowed
  Ref<media::Buffer> buffer_;
  wire::DataHeader header_;
  std::optional<bool> key_;  // parity does not say
  Instant first_arrival_{}, last_arrival_{};
  std::vector<uint64_t> have_;  // one bit a symbol
  std::vector<wire::SymbolPrefix> prefixes_;
  FecDecoder fec_;
  uint32_t recovered_ = 0;
  std::vector<StripState> strips_;
  uint32_t extent_ = 0;  // one past the highest symbol
  std::optional<uint32_t> total_;
  size_t descriptor_bytes_ = 0;
  size_t strips_done_ = 0;
  bool described_ = false;
  bool malformed_ = false;
  size_t headers_bytes_ = 0;  // of a first strip that is cut off: what can be used
};

}  // namespace glimt::reassemble

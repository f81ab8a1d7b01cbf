// FecDecoder: what is known of the blocks of one frame, its parity rows, and the symbols that they give back.
//
//   input    places of data symbols as they come; parity packets, from anywhere; the data of a block that can be solved
//   output   how many symbols each block has and lacks; erased symbols
//   errors   Outcome::refused where a packet contradicts what is known
//   units    bytes
//   threads  thread-compatible
//   memory   the rows that are needed, as they come: of a block never more than it lacks; 256 idle ones
#pragma once

#include <array>
#include <span>
#include <vector>

#include "wire/packet.hpp"

namespace glimt::reassemble {

class FecDecoder {
 public:
  enum class Outcome { added, repeated, refused, unneeded };
  struct Block {
    uint8_t k = 0;         // data symbols; 0 while not known
    uint8_t m = 0;         // rows that the sender plans, as last heard
    uint8_t data = 0;      // symbols that came or were given back
    uint8_t top = 0;       // one past the highest of them
    bool spoiled = false;  // its rows give what cannot be: they are of no use
    uint16_t row_bytes = 0;
    std::array<uint64_t, 2> have{};  // one bit a data symbol
    std::vector<size_t> rows;        // in store_

    uint32_t symbols() const { return data + static_cast<uint32_t>(rows.size()); }
    bool has(uint8_t index) const { return have[index / 64] >> (index % 64) & 1; }
    bool is_solvable() const { return k > 0 && data < k && symbols() >= k && !spoiled; }
  };

  // Forgets everything but its capacity. `symbol_bytes`: of the longest symbol that the sender makes.
  void start(uint8_t blocks, size_t symbol_bytes);
  void release();

  // Whether a data packet can stand beside what came before.
  bool agrees(const wire::DataHeader& data) const;
  void note_data(const wire::DataHeader& data);
  Outcome add(const wire::ParityPacket& packet);

  // Where Block::is_solvable(): `data(index)` is each symbol that came, as a view; `erased(index, symbol)` gets each that did
  // not, filled up with zeros, and says whether it can be true. Where it cannot the rows are dropped.
  template <class Data, class Erased>
  void solve(uint8_t block, Data data, Erased erased) {
    begin_solving(block);
    Block& b = blocks_[block];
    for (uint8_t i = 0; i < b.k; ++i) {
      if (b.has(i)) add_known(data(i), i);
    }
    finish_solving();
    for (size_t i = 0; i < lacking_ && !b.spoiled; ++i) b.spoiled = !erased(erased_[i], solved(i));
    drop_rows(b);
  }

  // The frame ends with symbol `total - 1`.
  void set_total(uint32_t total);
  size_t blocks_seen() const { return blocks_used_; }
  // Blocks that the frame has, as far as it is known; one more where that is not certain.
  size_t blocks_expected() const;
  const Block& block(size_t i) const { return blocks_[i]; }
  // Data symbols of a block, the most that there may be where that is not certain; 0 where it is not known.
  uint32_t k_of(uint8_t block) const;
  size_t held_bytes() const { return held_bytes_; }

 private:
  struct Stored {
    uint8_t row = 0;
    std::vector<uint8_t> bytes;
  };

  Block& use(uint8_t block);
  void note_k(Block& b, uint8_t block, uint8_t k);
  void begin_solving(uint8_t block);
  void add_known(Bytes symbol, uint8_t index);
  void finish_solving();
  Bytes solved(size_t i) const;
  void drop_rows(Block& b);

  uint8_t interleave_ = 1;
  size_t symbol_bytes_ = 0;
  std::vector<Block> blocks_;
  size_t blocks_used_ = 0;
  std::vector<Stored> store_;
  std::vector<size_t> idle_;  // of store_
  size_t held_bytes_ = 0;
  uint32_t at_least_ = 0, at_most_ = UINT32_MAX;  // symbols of the frame

  // While one block is solved.
  std::array<uint8_t, wire::kMaxBlockSymbols> erased_, rows_;
  std::array<uint8_t*, wire::kMaxBlockSymbols> sums_;
  size_t lacking_ = 0, row_bytes_ = 0;
  std::vector<uint8_t> solved_;
};

}  // namespace glimt::reassemble

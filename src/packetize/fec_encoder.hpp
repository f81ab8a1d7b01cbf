// FecEncoder: the parity rows of one unit, made once for all its receivers.
//
//   Rows that are planned before the first symbol leaves are folded in as symbols leave, so they are ready with the last one.
//   Further rows, for repair, are made when they are asked for.
//
//   input    the unit's symbols, whose bytes live as long as rows are made; its blocks
//   output   rows as views, good until clear()
//   errors   none
//   threads  thread-compatible
//   memory   a row as long as the longest symbol; at most 128 a block; none is taken anew once warm
#pragma once

#include <span>
#include <vector>

#include "packetize/symbol.hpp"

namespace glimt::packetize {

class FecEncoder {
 public:
  struct Row {
    Bytes bytes;  // as long as the longest symbol of its block
    uint32_t checksum = 0;
  };

  // Forgets everything but its capacity.
  void clear();
  // At least so many rows a block are folded in as symbols leave. Only before fold(): afterwards nothing changes.
  void plan(uint8_t rows);
  // The first `count` symbols have left.
  void fold(std::span<const Symbol> symbols, uint8_t blocks, size_t count);
  // Row `row` of a block that has symbols. `symbols` are all that the unit will have; rows up to `ahead` beyond this
  // one are made along with it, which is cheaper than one by one.
  Row row(std::span<const Symbol> symbols, uint8_t blocks, uint8_t block, uint8_t row, uint8_t ahead = 0);

 private:
  struct Block {
    std::vector<size_t> rows;  // in store_
    size_t bytes = 0;          // of its longest symbol
  };
  struct Stored {
    std::vector<uint8_t> bytes;
    uint32_t checksum = 0;
    bool sealed = false;  // the checksum is taken
  };

  Block& block_of(uint8_t block);
  void add_rows(Block& block, size_t count);
  void add_symbol(Block& block, const Symbol& symbol, uint8_t index, size_t first_row);

  std::vector<Block> blocks_;
  std::vector<Stored> store_;
  size_t stored_ = 0;  // in use; the others wait for a further unit
  std::vector<uint8_t> scratch_;
  size_t folded_ = 0;  // symbols
  uint8_t planned_ = 0;
};

}  // namespace glimt::packetize

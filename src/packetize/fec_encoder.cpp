#include "packetize/fec_encoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crc32c.hpp"
#include "wire/erasure_code.hpp"

namespace glimt::packetize {

void FecEncoder::clear() {
  for (auto& block : blocks_) {
    block.rows.clear();
    block.bytes = 0;
  }
  stored_ = folded_ = 0;
  planned_ = 0;
}

void FecEncoder::plan(uint8_t rows) {
  if (folded_ == 0) planned_ = std::max(planned_, rows);
}

FecEncoder::Block& FecEncoder::block_of(uint8_t block) {
  if (block >= blocks_.size()) blocks_.resize(block + size_t{1});
  return blocks_[block];
}

void FecEncoder::add_rows(Block& block, size_t count) {
  for (; count > 0; --count) {
    if (stored_ == store_.size()) store_.emplace_back();
    store_[stored_].bytes.clear();
    store_[stored_].sealed = false;
    block.rows.push_back(stored_++);
  }
}

void FecEncoder::add_symbol(Block& block, const Symbol& symbol, uint8_t index, size_t first_row) {
  scratch_.resize(symbol.bytes());
  ByteWriter out(scratch_);
  out.put(symbol.prefix);
  out.put(symbol.descriptor_part);
  out.put(symbol.strip_part);
  std::array<uint8_t, wire::kMaxParityRows> rows;
  std::array<uint8_t*, wire::kMaxParityRows> sums;
  const size_t count = block.rows.size() - first_row;
  for (size_t i = 0; i < count; ++i) {
    auto& bytes = store_[block.rows[first_row + i]].bytes;
    if (bytes.size() < scratch_.size()) bytes.resize(scratch_.size());  // what is new is zero
    rows[i] = static_cast<uint8_t>(first_row + i);
    sums[i] = bytes.data();
  }
  block.bytes = std::max(block.bytes, scratch_.size());
  wire::add_to_rows(scratch_, index, std::span(rows).first(count), std::span(sums).first(count));
}

void FecEncoder::fold(std::span<const Symbol> symbols, uint8_t blocks, size_t count) {
  for (; folded_ < count; ++folded_) {
    if (planned_ == 0) continue;
    const auto place = wire::place_of(static_cast<uint32_t>(folded_), blocks);
    Block& block = block_of(place.block);
    if (block.rows.empty()) add_rows(block, planned_);
    add_symbol(block, symbols[folded_], place.index, 0);
  }
}

FecEncoder::Row FecEncoder::row(std::span<const Symbol> symbols, uint8_t blocks, uint8_t block, uint8_t row,
                                uint8_t ahead) {
  fold(symbols, blocks, symbols.size());
  Block& b = block_of(block);
  const size_t made = b.rows.size();
  if (row >= made) {
    add_rows(b, std::min<size_t>(row + size_t{1} + ahead, wire::kMaxParityRows) - made);
    const auto all = static_cast<uint32_t>(symbols.size());
    const uint32_t k = wire::block_symbols(all, block, blocks);
    for (uint32_t j = 0; j < k; ++j) {
      const auto index = static_cast<uint8_t>(j);
      add_symbol(b, symbols[wire::symbol_of({block, index}, blocks)], index, made);
    }
  }
  Stored& stored = store_[b.rows[row]];
  if (!stored.sealed) {
    stored.bytes.resize(b.bytes);
    stored.checksum = crc32c(stored.bytes);
    stored.sealed = true;
  }
  return {stored.bytes, stored.checksum};
}

}  // namespace glimt::packetize

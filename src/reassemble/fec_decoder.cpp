#include "reassemble/fec_decoder.hpp"

#include <algorithm>

#include "wire/erasure_code.hpp"

namespace glimt::reassemble {
namespace {

constexpr size_t kIdleRows = 256;

}  // namespace

void FecDecoder::start(uint8_t blocks, size_t symbol_bytes) {
  release();
  interleave_ = blocks;
  symbol_bytes_ = symbol_bytes;
}

void FecDecoder::release() {
  for (size_t i = 0; i < blocks_used_; ++i) drop_rows(blocks_[i]);
  blocks_used_ = 0;
  at_least_ = 0;
  at_most_ = UINT32_MAX;
  if (store_.size() > kIdleRows) {
    store_.resize(kIdleRows);
    std::erase_if(idle_, [](size_t row) { return row >= kIdleRows; });
  }
}

FecDecoder::Block& FecDecoder::use(uint8_t block) {
  if (block >= blocks_.size()) blocks_.resize(block + size_t{1});
  for (; blocks_used_ <= block; ++blocks_used_) {
    Block& b = blocks_[blocks_used_];
    b.k = b.m = b.data = b.top = 0;
    b.spoiled = false;
    b.row_bytes = 0;
    b.have = {};
  }
  return blocks_[block];
}

bool FecDecoder::agrees(const wire::DataHeader& data) const {
  if (data.block >= blocks_used_) return true;
  const Block& b = blocks_[data.block];
  return b.k == 0 || (data.index < b.k && (data.k == 0 || data.k == b.k));
}

void FecDecoder::note_data(const wire::DataHeader& data) {
  Block& b = use(data.block);
  note_k(b, data.block, data.k);
  b.m = std::max(b.m, data.m);
  b.have[data.index / 64] |= uint64_t{1} << (data.index % 64);
  ++b.data;
  b.top = std::max<uint8_t>(b.top, static_cast<uint8_t>(data.index + 1));
  if (b.data == b.k) drop_rows(b);
}

FecDecoder::Outcome FecDecoder::add(const wire::ParityPacket& packet) {
  const auto& d = packet.data;
  if (packet.symbol.size() > symbol_bytes_) return Outcome::refused;
  Block& b = use(d.block);
  const bool agrees =
      (b.k == 0 || b.k == d.k) && d.k >= b.top && (b.row_bytes == 0 || b.row_bytes == packet.symbol.size());
  if (!agrees) return Outcome::refused;
  note_k(b, d.block, d.k);
  b.m = std::max(b.m, d.m);
  if (b.spoiled || b.symbols() >= b.k) return Outcome::unneeded;
  for (const size_t stored : b.rows) {
    if (store_[stored].row == packet.row) return Outcome::repeated;
  }
  b.row_bytes = static_cast<uint16_t>(packet.symbol.size());
  if (idle_.empty()) {
    idle_.push_back(store_.size());
    store_.emplace_back();
  }
  Stored& stored = store_[idle_.back()];
  b.rows.push_back(idle_.back());
  idle_.pop_back();
  stored.row = packet.row;
  stored.bytes.assign(packet.symbol.begin(), packet.symbol.end());
  held_bytes_ += stored.bytes.size();
  return Outcome::added;
}

void FecDecoder::drop_rows(Block& b) {
  for (const size_t stored : b.rows) {
    held_bytes_ -= store_[stored].bytes.size();
    idle_.push_back(stored);
  }
  b.rows.clear();
}

// A block's k narrows down how many symbols the frame has.
void FecDecoder::note_k(Block& b, uint8_t block, uint8_t k) {
  if (k == 0 || b.k == k) return;
  b.k = k;
  const uint32_t last = wire::symbol_of({block, static_cast<uint8_t>(k - 1)}, interleave_);
  at_least_ = std::max(at_least_, last + 1);
  if (k < wire::kMaxBlockSymbols) at_most_ = std::min(at_most_, last + interleave_);
}

void FecDecoder::set_total(uint32_t total) { at_least_ = at_most_ = total; }

size_t FecDecoder::blocks_expected() const {
  const size_t known = at_most_ == UINT32_MAX ? 0 : wire::used_blocks(at_most_, interleave_);
  return std::max(known, blocks_used_);
}

uint32_t FecDecoder::k_of(uint8_t block) const {
  if (block < blocks_used_ && blocks_[block].k > 0) return blocks_[block].k;
  return at_most_ == UINT32_MAX ? 0 : wire::block_symbols(at_most_, block, interleave_);
}

// Rows that are not needed stay away: as many equations as unknowns.
void FecDecoder::begin_solving(uint8_t block) {
  Block& b = blocks_[block];
  lacking_ = 0;
  for (uint8_t i = 0; i < b.k; ++i) {
    if (!b.has(i)) erased_[lacking_++] = i;
  }
  for (size_t r = 0; r < lacking_; ++r) {
    Stored& stored = store_[b.rows[r]];
    rows_[r] = stored.row;
    sums_[r] = stored.bytes.data();
  }
  row_bytes_ = b.row_bytes;
}

void FecDecoder::add_known(Bytes symbol, uint8_t index) {
  // Longer than the longest symbol of its block: then the row is of something else, and what comes out shows it.
  wire::add_to_rows(symbol.first(std::min(symbol.size(), row_bytes_)), index,
                    std::span(rows_).first(lacking_), std::span(sums_).first(lacking_));
}

void FecDecoder::finish_solving() {
  solved_.assign(lacking_ * row_bytes_, 0);
  std::array<uint8_t*, wire::kMaxBlockSymbols> symbols;
  for (size_t i = 0; i < lacking_; ++i) symbols[i] = solved_.data() + i * row_bytes_;
  wire::solve_erased(std::span(erased_).first(lacking_), std::span(rows_).first(lacking_),
                     std::span(sums_).first(lacking_), row_bytes_, std::span(symbols).first(lacking_));
}

Bytes FecDecoder::solved(size_t i) const { return Bytes(solved_).subspan(i * row_bytes_, row_bytes_); }

}  // namespace glimt::reassemble

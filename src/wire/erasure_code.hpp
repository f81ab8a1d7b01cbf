// ErasureCode: systematic Cauchy Reed-Solomon over GF(2^8), the arithmetic that both ends share.
//
//   A block has k data symbols, 0..k-1, and up to 128 parity rows. Row r is the sum of c(r, j) times symbol j, with
//   c(r, j) = 1 / ((255 - r) xor j): every square part of that matrix can be inverted, so any k symbols and rows of a
//   block give the block, and no coefficient depends on k. A symbol that is shorter than a row counts as filled up with zeros.
//
//   input    symbols of a block, in any order
//   output   rows; symbols that were erased
//   units    bytes
//   errors   none: indices and rows are the caller's to check, below 128 and different from each other
//   threads  thread-safe
//   memory   none beyond 20 KB of stack
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"

namespace glimt::wire {

inline constexpr uint32_t kMaxParityRows = 128;  // of a block

uint8_t parity_coefficient(uint8_t row, uint8_t index);

// Adds data symbol `index` to each of some rows. Each row is at least as long as the symbol.
void add_to_rows(Bytes symbol, uint8_t index, std::span<const uint8_t> rows, std::span<uint8_t* const> sums);

// Solves for as many erased symbols as there are rows, at most kMaxParityRows. `sums` are those rows, `bytes` each, after
// every symbol that was not erased has been added to them. `symbols` are zero, as long, and get what was erased.
void solve_erased(std::span<const uint8_t> erased, std::span<const uint8_t> rows,
                  std::span<uint8_t* const> sums, size_t bytes, std::span<uint8_t* const> symbols);

}  // namespace glimt::wire

#include "wire/erasure_code.hpp"

#include <isa-l/erasure_code.h>

#include <array>

namespace glimt::wire {
namespace {

constexpr size_t kTableBytes = 32;  // ISA-L's, of one coefficient

using Coefficients = std::array<uint8_t, kMaxParityRows>;

// sums[i] += coefficients[i] * bytes. The tables are made each time: 7 ns a row beside 50 ns of arithmetic, and none has to
// be kept in a layout that is the library's own.
void multiply_add(Bytes bytes, Coefficients& coefficients, std::span<uint8_t* const> sums) {
  std::array<uint8_t, kMaxParityRows * kTableBytes> tables;
  const int count = static_cast<int>(sums.size());
  ec_init_tables(1, count, coefficients.data(), tables.data());
  // ISA-L takes what it only reads as non-const.
  ec_encode_data_update(static_cast<int>(bytes.size()), 1, count, 0, tables.data(),
                        const_cast<uint8_t*>(bytes.data()), const_cast<uint8_t**>(sums.data()));
}

uint8_t point_of(uint8_t row) { return static_cast<uint8_t>(255 - row); }

// The inverse of a Cauchy matrix in closed form: numerators and denominators are products of differences, so that
// e x e coefficients cost e * e steps where elimination takes e * e * e.
struct Products {
  Coefficients of_row, of_index;
};
Products products_of(std::span<const uint8_t> erased, std::span<const uint8_t> rows) {
  Products p;
  const size_t count = rows.size();
  for (size_t i = 0; i < count; ++i) {
    uint8_t row_up = 1, row_down = 1, index_up = 1, index_down = 1;
    for (size_t n = 0; n < count; ++n) {
      row_up = gf_mul(row_up, point_of(rows[i]) ^ erased[n]);
      index_up = gf_mul(index_up, point_of(rows[n]) ^ erased[i]);
      if (n == i) continue;
      row_down = gf_mul(row_down, rows[i] ^ rows[n]);  // of the points too: 255 - r is r with each bit turned
      index_down = gf_mul(index_down, erased[i] ^ erased[n]);
    }
    p.of_row[i] = gf_mul(row_up, gf_inv(row_down));
    p.of_index[i] = gf_mul(index_up, gf_inv(index_down));
  }
  return p;
}

}  // namespace

uint8_t parity_coefficient(uint8_t row, uint8_t index) { return gf_inv(point_of(row) ^ index); }

void add_to_rows(Bytes symbol, uint8_t index, std::span<const uint8_t> rows, std::span<uint8_t* const> sums) {
  if (symbol.empty() || rows.empty()) return;
  Coefficients coefficients;
  for (size_t i = 0; i < rows.size(); ++i) coefficients[i] = parity_coefficient(rows[i], index);
  multiply_add(symbol, coefficients, sums);
}

void solve_erased(std::span<const uint8_t> erased, std::span<const uint8_t> rows,
                  std::span<uint8_t* const> sums, size_t bytes, std::span<uint8_t* const> symbols) {
  if (bytes == 0 || rows.empty()) return;
  const Products p = products_of(erased, rows);
  for (size_t r = 0; r < rows.size(); ++r) {
    Coefficients column;
    for (size_t j = 0; j < erased.size(); ++j) {
      column[j] = gf_mul(gf_mul(p.of_row[r], p.of_index[j]), parity_coefficient(rows[r], erased[j]));
    }
    multiply_add({sums[r], bytes}, column, symbols);
  }
}

}  // namespace glimt::wire

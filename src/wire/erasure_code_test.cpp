#include "wire/erasure_code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "support/chance.hpp"

// Held against a code of the tests' own: multiplication bit by bit, inverses by search, elimination over the whole block.
namespace glimt::wire {
namespace {

uint8_t slow_multiply(uint8_t a, uint8_t b) {
  unsigned product = 0;
  for (int bit = 0; bit < 8; ++bit) {
    if (b >> bit & 1) product ^= unsigned{a} << bit;
  }
  for (int bit = 14; bit >= 8; --bit) {
    if (product >> bit & 1) product ^= 0x11Du << (bit - 8);
  }
  return static_cast<uint8_t>(product);
}
const std::vector<uint8_t>& slow_inverses() {
  static const std::vector<uint8_t> all = [] {
    std::vector<uint8_t> inverses(256);
    for (int a = 1; a < 256; ++a) {
      for (int b = 1; b < 256; ++b) {
        if (slow_multiply(static_cast<uint8_t>(a), static_cast<uint8_t>(b)) == 1)
          inverses[static_cast<size_t>(a)] = static_cast<uint8_t>(b);
      }
    }
    return inverses;
  }();
  return all;
}
uint8_t slow_coefficient(size_t row, size_t index) { return slow_inverses()[(255 - row) ^ index]; }

using Symbol = std::vector<uint8_t>;
using Block = std::vector<Symbol>;

Symbol slow_row(const Block& block, size_t row, size_t bytes) {
  Symbol sum(bytes);
  for (size_t j = 0; j < block.size(); ++j) {
    for (size_t i = 0; i < block[j].size(); ++i)
      sum[i] ^= slow_multiply(slow_coefficient(row, j), block[j][i]);
  }
  return sum;
}

// Every unknown by elimination: the whole k x k matrix of what came.
Block slow_decode(std::vector<Symbol> matrix, Block values) {
  const size_t k = matrix.size();
  for (size_t column = 0; column < k; ++column) {
    size_t pivot = column;
    while (pivot < k && matrix[pivot][column] == 0) ++pivot;
    EXPECT_LT(pivot, k) << "cannot be inverted";
    if (pivot == k) return {};
    std::swap(matrix[pivot], matrix[column]);
    std::swap(values[pivot], values[column]);
    const uint8_t scale = slow_inverses()[matrix[column][column]];
    for (auto& v : matrix[column]) v = slow_multiply(v, scale);
    for (auto& v : values[column]) v = slow_multiply(v, scale);
    for (size_t other = 0; other < k; ++other) {
      const uint8_t factor = matrix[other][column];
      if (other == column || factor == 0) continue;
      for (size_t i = 0; i < k; ++i) matrix[other][i] ^= slow_multiply(factor, matrix[column][i]);
      for (size_t i = 0; i < values[other].size(); ++i)
        values[other][i] ^= slow_multiply(factor, values[column][i]);
    }
  }
  return values;
}

class ErasureCodeTest : public ::testing::Test {
 protected:
  Block block_of(size_t k, size_t bytes, bool ragged = false) {
    Block block(k);
    for (auto& symbol : block) {
      symbol.resize(ragged ? random_() % (bytes + 1) : bytes);
      for (auto& byte : symbol) byte = static_cast<uint8_t>(random_());
    }
    return block;
  }
  static Block encode(const Block& block, std::span<const uint8_t> rows, size_t bytes,
                      const std::vector<uint8_t>& but = {}) {
    Block sums(rows.size(), Symbol(bytes));
    const auto pointers = pointers_of(sums);
    for (size_t j = 0; j < block.size(); ++j) {
      if (std::find(but.begin(), but.end(), j) == but.end())
        add_to_rows(block[j], static_cast<uint8_t>(j), rows, pointers);
    }
    return sums;
  }
  // What was erased comes out of `rows`, filled up with zeros.
  static void expect_recovers(const Block& block, const std::vector<uint8_t>& erased,
                              const std::vector<uint8_t>& rows, size_t bytes) {
    Block sums = encode(block, rows, bytes);
    const Block known = encode(block, rows, bytes, erased);
    for (size_t r = 0; r < rows.size(); ++r) {
      for (size_t i = 0; i < bytes; ++i) sums[r][i] ^= known[r][i];
    }
    Block found(erased.size(), Symbol(bytes));
    solve_erased(erased, rows, pointers_of(sums), bytes, pointers_of(found));
    for (size_t e = 0; e < erased.size(); ++e) {
      Symbol expected = block[erased[e]];
      expected.resize(bytes);
      EXPECT_EQ(found[e], expected) << "symbol " << int{erased[e]} << " of " << block.size();
    }
  }
  static std::vector<uint8_t*> pointers_of(Block& block) {
    std::vector<uint8_t*> pointers;
    for (auto& symbol : block) pointers.push_back(symbol.data());
    return pointers;
  }
  std::vector<uint8_t> pick(size_t count, size_t of) {
    std::vector<uint8_t> all(of);
    std::iota(all.begin(), all.end(), uint8_t{0});
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(count);
    return all;
  }
  static std::vector<uint8_t> bits_of(unsigned mask) {
    std::vector<uint8_t> set;
    for (uint8_t bit = 0; mask >> bit; ++bit) {
      if (mask >> bit & 1) set.push_back(bit);
    }
    return set;
  }

  test::Chance random_{7};
};

TEST_F(ErasureCodeTest, CoefficientsAreThoseOfTheDocument) {
  for (unsigned row = 0; row < kMaxParityRows; ++row) {
    for (unsigned index = 0; index < 128; ++index) {
      ASSERT_EQ(parity_coefficient(static_cast<uint8_t>(row), static_cast<uint8_t>(index)),
                slow_coefficient(row, index))
          << row << " " << index;
    }
  }
}

TEST_F(ErasureCodeTest, RowsAreThoseOfTheSlowCodeAtEveryLength) {
  for (size_t bytes = 0; bytes <= 200; ++bytes) {
    const Block block = block_of(5, bytes, bytes % 3 == 0);
    const std::vector<uint8_t> rows{0, 1, 2, 3, 64, 127};
    const Block sums = encode(block, rows, bytes);
    for (size_t r = 0; r < rows.size(); ++r) ASSERT_EQ(sums[r], slow_row(block, rows[r], bytes)) << bytes;
  }
}

TEST_F(ErasureCodeTest, RowsOfFullBlocksAreThoseOfTheSlowCode) {
  const Block block = block_of(128, 1152, true);
  const auto rows = pick(37, kMaxParityRows);
  const Block sums = encode(block, rows, 1152);
  for (size_t r = 0; r < rows.size(); ++r) ASSERT_EQ(sums[r], slow_row(block, rows[r], 1152));
}

TEST_F(ErasureCodeTest, EveryPatternOfSmallBlocksComesBack) {
  constexpr unsigned kRows = 5;
  for (unsigned k = 1; k <= 6; ++k) {
    const Block block = block_of(k, 33, true);
    for (unsigned erased = 1; erased < 1u << k; ++erased) {
      for (unsigned rows = 1; rows < 1u << kRows; ++rows) {
        const auto e = bits_of(erased), r = bits_of(rows);
        if (e.size() == r.size()) expect_recovers(block, e, r, 33);
      }
    }
  }
}

TEST_F(ErasureCodeTest, RandomPatternsOfLargeBlocksComeBack) {
  for (int round = 0; round < 60; ++round) {
    const size_t k = 1 + random_() % 128;
    const size_t bytes = 1 + random_() % 1400;
    const Block block = block_of(k, bytes, round % 2 == 0);
    const size_t count = 1 + random_() % k;
    expect_recovers(block, pick(count, k), pick(count, kMaxParityRows), bytes);
  }
}

TEST_F(ErasureCodeTest, WholeBlocksComeBackFromParityAlone) {
  for (const size_t k : {1u, 2u, 26u, 128u})
    expect_recovers(block_of(k, 100), pick(k, k), pick(k, kMaxParityRows), 100);
}

TEST_F(ErasureCodeTest, SlowCodeDecodesTheSameRows) {
  const Block block = block_of(9, 50, true);
  const std::vector<uint8_t> erased{1, 4, 8}, rows{0, 5, 100};
  const Block parity = encode(block, rows, 50);
  std::vector<Symbol> matrix(9, Symbol(9));
  Block values(9);
  for (size_t j = 0; j < 9; ++j) {
    const auto at = std::find(erased.begin(), erased.end(), j);
    const auto r = static_cast<size_t>(at - erased.begin());
    for (size_t i = 0; i < 9; ++i)
      matrix[j][i] = at == erased.end() ? (i == j) : slow_coefficient(rows[r], i);
    values[j] = at == erased.end() ? block[j] : parity[r];
    values[j].resize(50);
  }
  const Block decoded = slow_decode(matrix, values);
  for (size_t j = 0; j < 9; ++j) {
    Symbol expected = block[j];
    expected.resize(50);
    EXPECT_EQ(decoded.at(j), expected);
  }
}

TEST_F(ErasureCodeTest, NothingIsAddedToNoRowsAndByNoBytes) {
  add_to_rows({}, 0, {}, {});
  solve_erased({}, {}, {}, 0, {});
  Symbol sum(16, 9);
  const std::vector<uint8_t> rows{0};
  uint8_t* const to[] = {sum.data()};
  add_to_rows({}, 3, rows, to);
  EXPECT_EQ(sum, Symbol(16, 9));
}

}  // namespace
}  // namespace glimt::wire

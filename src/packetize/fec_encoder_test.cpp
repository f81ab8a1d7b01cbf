#include "packetize/fec_encoder.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "base/crc32c.hpp"
#include "support/chance.hpp"
#include "wire/erasure_code.hpp"

namespace glimt::packetize {
namespace {

class FecEncoderTest : public ::testing::Test {
 protected:
  void make_symbols(size_t count, size_t longest, bool ragged) {
    symbols_.clear();
    for (size_t i = 0; i < count; ++i) {
      std::string& bytes = bytes_.emplace_back(ragged ? random_() % (longest + 1) : longest, '\0');
      for (auto& byte : bytes) byte = static_cast<char>(random_());
      const size_t head = ragged ? bytes.size() / 3 : 0;
      Symbol s{{}, as_bytes(bytes).first(head), as_bytes(bytes).subspan(head), 0};
      ByteWriter out(s.prefix);
      wire::serialize(out, {static_cast<uint16_t>(bytes.size()), 0, 0});
      symbols_.push_back(s);
    }
  }
  std::vector<uint8_t> expected(uint8_t blocks, uint8_t block, uint8_t row) const {
    std::vector<uint8_t> sum;
    for (uint32_t s = 0; s < symbols_.size(); ++s) {
      const auto place = wire::place_of(s, blocks);
      if (place.block != block) continue;
      std::vector<uint8_t> whole;
      for (const Bytes part :
           {Bytes(symbols_[s].prefix), symbols_[s].descriptor_part, symbols_[s].strip_part})
        whole.insert(whole.end(), part.begin(), part.end());
      sum.resize(std::max(sum.size(), whole.size()));
      uint8_t* const to[] = {sum.data()};
      wire::add_to_rows(whole, place.index, {&row, 1}, to);
    }
    return sum;
  }
  void expect_row(uint8_t blocks, uint8_t block, uint8_t row, uint8_t ahead = 0) {
    const auto made = encoder_.row(symbols_, blocks, block, row, ahead);
    EXPECT_EQ(std::vector<uint8_t>(made.bytes.begin(), made.bytes.end()), expected(blocks, block, row))
        << "block " << int{block} << " row " << int{row};
    EXPECT_EQ(made.checksum, crc32c(made.bytes));
  }

  test::Chance random_{5};
  std::deque<std::string> bytes_;
  std::vector<Symbol> symbols_;
  FecEncoder encoder_;
};

TEST_F(FecEncoderTest, RowsAreTheSameHoweverTheyWereMade) {
  for (const bool ragged : {false, true}) {
    make_symbols(50, 300, ragged);
    encoder_.clear();
    encoder_.plan(3);
    for (const size_t left : {1u, 16u, 17u, 50u}) encoder_.fold(symbols_, 4, left);
    for (uint8_t block = 0; block < 4; ++block) {
      for (const uint8_t row : {uint8_t{0}, uint8_t{2}, uint8_t{3}, uint8_t{9}, uint8_t{5}})
        expect_row(4, block, row, 2);
    }
  }
}

TEST_F(FecEncoderTest, SeveralReceiversGetTheMostRowsThatOneOfThemNeeds) {
  make_symbols(10, 100, false);
  encoder_.plan(2);
  encoder_.plan(4);
  encoder_.plan(1);
  encoder_.fold(symbols_, 1, 10);
  encoder_.plan(9);  // too late to be folded in: made when it is asked for
  for (uint8_t row = 0; row < 9; ++row) expect_row(1, 0, row);
}

TEST_F(FecEncoderTest, FurtherGroupsOfBlocksHaveRowsToo) {
  make_symbols(300, 20, true);  // one block was predicted: blocks 0, 1 and 2
  encoder_.plan(2);
  encoder_.fold(symbols_, 1, 300);
  for (uint8_t block = 0; block < 3; ++block) {
    expect_row(1, block, 1);
    expect_row(1, block, 127);
  }
}

TEST_F(FecEncoderTest, WhatWasPlannedForAnotherUnitIsForgotten) {
  make_symbols(5, 100, false);
  encoder_.plan(3);
  encoder_.fold(symbols_, 1, 5);
  encoder_.clear();
  make_symbols(7, 40, true);
  encoder_.fold(symbols_, 2, 7);
  expect_row(2, 0, 0);
  expect_row(2, 1, 1, 126);
}

}  // namespace
}  // namespace glimt::packetize

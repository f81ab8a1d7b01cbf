#include <gtest/gtest.h>

#include <array>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/crc32c.hpp"
#include "base/ring.hpp"
#include "base/sequence.hpp"

namespace glimt {
namespace {

TEST(BytesTest, ValuesAreLittleEndianAndComeBack) {
  std::array<uint8_t, 15> bytes{};
  ByteWriter out(bytes);
  out.u8(0x01);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090A0B0C0D0E0F);
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(bytes[1], 0x03);
  EXPECT_EQ(bytes[7], 0x0F);
  ByteReader in(bytes);
  EXPECT_EQ(in.u8(), 0x01);
  EXPECT_EQ(in.u16(), 0x0203);
  EXPECT_EQ(in.u32(), 0x04050607u);
  EXPECT_EQ(in.u64(), 0x08090A0B0C0D0E0Fu);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.left(), 0u);
}

TEST(BytesTest, ReadPastTheEndYieldsZeroForGood) {
  const std::array<uint8_t, 3> bytes{1, 2, 3};
  ByteReader in(bytes);
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_TRUE(in.take(1).empty());
  EXPECT_FALSE(in.ok());
}

TEST(BytesTest, WritePastTheEndWritesNothing) {
  std::array<uint8_t, 3> bytes{9, 9, 9};
  ByteWriter out(bytes);
  out.u16(0);
  out.u16(0x0101);
  EXPECT_FALSE(out.ok());
  EXPECT_EQ(bytes[2], 9);
  EXPECT_EQ(out.written().size(), 2u);
  ByteWriter none(std::span<uint8_t>{});
  none.put({});
  EXPECT_TRUE(none.ok());
}

TEST(SequenceTest, ComparesAcrossTheWrap) {
  const Sequence before(0xFFFFFFFF), after(0);
  EXPECT_LT(before, after);
  EXPECT_GT(after, before);
  EXPECT_EQ(after - before, 1);
  EXPECT_EQ(before - after, -1);
  EXPECT_EQ(before + 1, after);
  EXPECT_EQ(after - 1, before);
  EXPECT_LE(after, after);
}

TEST(SequenceTest, IsAheadByLessThanHalfTheCircle) {
  EXPECT_GT(Sequence(0x7FFFFFFF), Sequence(0));
  EXPECT_LT(Sequence(0x80000001), Sequence(0));
}

TEST(ClockTest, LowBitsAreExtendedToTheNearestTime) {
  const int64_t wrap = int64_t{1} << 32;
  EXPECT_EQ(extend_us(5, wrap - 10), wrap + 5);
  EXPECT_EQ(extend_us(0xFFFFFFFF, 3 * wrap + 10), 3 * wrap - 1);
  for (const int64_t at : {int64_t{0}, int64_t{-7}, 5 * wrap + 1234})
    EXPECT_EQ(extend_us(static_cast<uint32_t>(at), at + 1'000'000), at);
}

TEST(Crc32cTest, IsThatOfRfc3720) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  const std::array<uint8_t, 32> zeros{};
  EXPECT_EQ(crc32c(zeros), 0x8A9136AAu);
  EXPECT_EQ(crc32c({}), 0u);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xE3069283u);
}

TEST(RingTest, FirstInIsFirstOutAndTheOldestGivesWay) {
  Ring<int> ring(3);
  for (int i = 1; i <= 3; ++i) ring.push(i);
  EXPECT_TRUE(ring.full());
  ring.push_newest(4);
  EXPECT_EQ(ring.front(), 2);
  EXPECT_EQ(ring.back(), 4);
  EXPECT_EQ(ring[1], 3);
  EXPECT_EQ(ring.pop(), 2);
  ring.clear();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace glimt

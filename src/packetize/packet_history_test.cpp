#include "packetize/packet_history.hpp"

#include <gtest/gtest.h>

namespace glimt::packetize {
namespace {

class PacketHistoryTest : public ::testing::Test {
 protected:
  Ref<SymbolUnit> push(uint32_t frame, size_t bytes = 10, bool key = true) {
    Ref<SymbolUnit> unit(new SymbolUnit);
    unit->frame = Sequence(frame);
    unit->bytes = bytes;
    unit->key = key;
    unit->complete = true;
    history_.push(unit);
    return unit;
  }
  bool has(uint32_t frame) const { return static_cast<bool>(history_.find(Sequence(frame))); }

  PacketHistory history_{{.max_units = 4, .max_bytes = 100}};
};

TEST_F(PacketHistoryTest, HasNothingAtFirst) {
  EXPECT_FALSE(has(0));
  EXPECT_FALSE(history_.newest_key());
}

TEST_F(PacketHistoryTest, FindsAUnitByItsFrame) {
  const auto unit = push(7);
  push(8);
  EXPECT_EQ(history_.find(Sequence(7)), unit);
  EXPECT_FALSE(has(9));
}

TEST_F(PacketHistoryTest, ForgetsTheOldestBeyondItsNumberOfUnits) {
  for (uint32_t n = 1; n <= 5; ++n) push(n);
  EXPECT_FALSE(has(1));
  EXPECT_TRUE(has(2));
  EXPECT_TRUE(has(5));
}

TEST_F(PacketHistoryTest, ForgetsTheOldestBeyondItsBytes) {
  push(1, 60);
  push(2, 40);
  EXPECT_TRUE(has(1));
  push(3, 1);
  EXPECT_FALSE(has(1));
  EXPECT_TRUE(has(2));
}

TEST_F(PacketHistoryTest, KeepsTheNewestHoweverLargeItIs) {
  push(1);
  push(2, 1000);
  EXPECT_FALSE(has(1));
  EXPECT_TRUE(has(2));
}

TEST_F(PacketHistoryTest, CountsUnitsThatGrewAfterTheyWerePushed) {
  const auto growing = push(1, 10);
  growing->bytes = 95;
  push(2, 10);
  EXPECT_FALSE(has(1));
}

TEST_F(PacketHistoryTest, NewestKeyIsTheNewestThatWillBeWholeWhereItIsOne) {
  push(1);
  push(2);
  EXPECT_EQ(history_.newest_key()->frame, Sequence(2));
  push(3, 10, false);
  EXPECT_FALSE(history_.newest_key()) << "2 is an old picture";
  push(4)->complete = false;  // still being encoded: who joins is sent its strips as they come
  EXPECT_EQ(history_.newest_key()->frame, Sequence(4));
  push(5)->abandoned = true;
  EXPECT_EQ(history_.newest_key()->frame, Sequence(4));
}

TEST_F(PacketHistoryTest, HoldsNothingAfterClear) {
  const auto unit = push(1);
  history_.clear();
  EXPECT_FALSE(has(1));
  EXPECT_TRUE(unit->unique());
}

}  // namespace
}  // namespace glimt::packetize

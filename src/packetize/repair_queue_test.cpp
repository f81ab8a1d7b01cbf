#include "packetize/repair_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace glimt::packetize {
namespace {

using namespace std::chrono_literals;

class RepairQueueTest : public ::testing::Test {
 protected:
  RepairQueueTest() {
    unit_->frame = Sequence(7);
    unit_->complete = true;
    unit_->symbols.resize(10);
    queue_.note_begun({unit_->frame, 3, false});
  }
  wire::Deficit deficit(uint8_t round, bool last = false) {
    wire::Deficit d{Sequence(7), 0, 5, round};
    d.last_round = last;
    return d;
  }
  // Rows that leave at this moment.
  std::vector<int> leave() {
    std::vector<int> rows;
    RepairQueue::Row row;
    while (queue_.due(now_, row)) {
      rows.push_back(row.place.row);
      queue_.pop(now_);
    }
    return rows;
  }
  std::vector<int> leave_all() {
    std::vector<int> all;
    while (queue_.next() != Instant::max()) {
      now_ = std::max(now_, queue_.next());
      const auto rows = leave();
      all.insert(all.end(), rows.begin(), rows.end());
    }
    return all;
  }
  using Rows = std::vector<int>;

  Instant now_{100s};
  Ref<SymbolUnit> unit_{new SymbolUnit};
  RepairQueue queue_;
};

TEST_F(RepairQueueTest, AnswerIsFreshRowsSpreadOverAMillisecondAndAHalf) {
  queue_.add(unit_, deficit(1), 0, 8, now_);
  EXPECT_EQ(leave(), (Rows{3, 4}));
  EXPECT_EQ(queue_.next(), now_ + 500us);
  now_ += 500us;
  EXPECT_EQ(leave(), (Rows{5, 6}));
  EXPECT_EQ(leave_all(), (Rows{7, 8, 9, 10}));
  EXPECT_EQ(now_, Instant(100s) + 1500us);
}

TEST_F(RepairQueueTest, LastRoundLeavesAtOnce) {
  queue_.add(unit_, deficit(1, true), 0, 5, now_);
  EXPECT_EQ(leave(), (Rows{3, 4, 5, 6, 7}));
  EXPECT_EQ(queue_.next(), Instant::max());
}

TEST_F(RepairQueueTest, RoundIsAnsweredOnceAndTheNextHasOtherRows) {
  EXPECT_TRUE(queue_.is_new(deficit(1), 0));
  queue_.add(unit_, deficit(1), 0, 2, now_);
  EXPECT_FALSE(queue_.is_new(deficit(1), 0));
  EXPECT_TRUE(queue_.is_new(deficit(1), 1)) << "another block";
  EXPECT_TRUE(queue_.is_new(deficit(2), 0));
  queue_.add(unit_, deficit(2), 0, 2, now_);
  EXPECT_EQ(leave_all(), (Rows{3, 5, 4, 6}));
}

TEST_F(RepairQueueTest, RowsBeginAgainAfterTheLast) {
  queue_.add(unit_, deficit(1, true), 0, 120, now_);
  queue_.note_sent(1000);
  queue_.add(unit_, deficit(1, true), 0, 120, now_);
  queue_.add(unit_, deficit(2, true), 0, 8, now_);
  const auto rows = leave_all();
  EXPECT_EQ(rows.front(), 3);
  for (const int row : rows) EXPECT_LT(row, 128);
}

TEST_F(RepairQueueTest, MoreThanHalfOfWhatWasSentStaysUnanswered) {
  for (uint8_t round = 1; round < 60; ++round) queue_.add(unit_, deficit(round, true), 0, 10, now_);
  EXPECT_EQ(leave().size(), 60u) << "some on credit";
  EXPECT_EQ(queue_.refused(), 53u);
  queue_.note_sent(20);
  queue_.add(unit_, deficit(60, true), 0, 10, now_);
  EXPECT_EQ(leave().size(), 10u);
}

TEST_F(RepairQueueTest, KnowsWhatHasBegun) {
  ASSERT_TRUE(queue_.find(Sequence(7)));
  EXPECT_EQ(queue_.find(Sequence(7))->rows, 3);
  EXPECT_FALSE(queue_.find(Sequence(8)));
  for (uint32_t n = 8; n < 8 + 64; ++n) queue_.note_begun({Sequence(n), 0, false});
  EXPECT_FALSE(queue_.find(Sequence(7)));
}

}  // namespace
}  // namespace glimt::packetize

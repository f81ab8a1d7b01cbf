#include "feedback/loss_model.hpp"

#include <gtest/gtest.h>

namespace glimt::feedback {
namespace {

using namespace std::chrono_literals;

class LossModelTest : public ::testing::Test {
 protected:
  // Packets in reports of a hundred, one each 10 ms.
  void report(uint64_t packets, double loss, double burst) {
    for (uint64_t sent = 0; sent < packets; sent += 100, now_ += 10ms) {
      lost_ += 100 * loss;
      totals_.packets += 100;
      totals_.lost = static_cast<uint64_t>(lost_);
      totals_.bursts = static_cast<uint64_t>(lost_ / burst);
      model_.add(totals_, now_);
    }
  }

  Instant now_{100s};
  double lost_ = 0;
  LossMeter::Totals totals_;
  LossModel model_;
};

TEST_F(LossModelTest, CleanUntilSomethingIsLost) {
  report(100'000, 0, 1);
  EXPECT_FALSE(model_.channel(now_));
  report(100, 0.01, 1);
  EXPECT_TRUE(model_.channel(now_)) << "with the report that says so";
}

TEST_F(LossModelTest, FindsShareAndBurst) {
  report(20'000, 0.05, 4);
  ASSERT_TRUE(model_.channel(now_));
  EXPECT_NEAR(model_.channel(now_)->loss, 0.05, 0.002);
  EXPECT_NEAR(model_.channel(now_)->burst, 4, 0.2);
}

TEST_F(LossModelTest, WhatWasCleanBeforeDoesNotCount) {
  report(50'000, 0, 1);
  report(2'000, 0.1, 1);
  EXPECT_NEAR(model_.channel(now_)->loss, 0.1, 0.01);
}

TEST_F(LossModelTest, FollowsALinkThatBecomesMuchWorse) {
  report(20'000, 0.01, 1);
  report(2'000, 0.2, 5);
  EXPECT_GT(model_.channel(now_)->loss, 0.12);
}

TEST_F(LossModelTest, CleanAgainAfterFiveSeconds) {
  report(1'000, 0.05, 4);
  const Instant last = now_ - 10ms;
  EXPECT_TRUE(model_.channel(last + 5s - 20ms));
  EXPECT_FALSE(model_.channel(last + 5s));
  model_.note_loss(now_ + 10s);
  EXPECT_TRUE(model_.channel(now_ + 10s));
}

TEST_F(LossModelTest, DropsOfTheReceiversKernelAreNoLossOfTheWay) {
  totals_.kernel_drops = 30;
  report(100, 0.3, 10);
  EXPECT_FALSE(model_.channel(now_));
  totals_.kernel_drops = 40;
  report(100, 0.3, 10);
  ASSERT_TRUE(model_.channel(now_));
  EXPECT_LT(model_.channel(now_)->loss, 0.2);
}

TEST_F(LossModelTest, OneLossIsNotTakenForHalfOfAllPackets) {
  totals_.packets = 2;
  totals_.lost = totals_.bursts = 1;
  model_.add(totals_, now_);
  EXPECT_LT(model_.channel(now_)->loss, 0.05);
}

}  // namespace
}  // namespace glimt::feedback

#include "feedback/clock_offset.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace glimt::feedback {
namespace {

using namespace std::chrono_literals;

// Two clocks, one ahead of the other by a known time.
class ClockOffsetTest : public ::testing::Test {
 protected:
  // A probe that is `there` on its way to the other end, rests, and is `back` on its way here.
  void probe(Duration there, Duration back, Duration rest = 0us) {
    const int64_t asked = to_us(now_);
    now_ += there;
    const int64_t received = to_us(now_) + ahead_us_;
    now_ += rest;
    const int64_t answered = to_us(now_) + ahead_us_;
    now_ += back;
    offset_.add({true, asked, received, answered}, now_);
  }
  int64_t error_us() const { return std::abs(offset_.estimate()->offset_us - ahead_us_); }

  int64_t ahead_us_ = 123'456'789;
  Instant now_{500s};
  ClockOffset offset_;
};

TEST_F(ClockOffsetTest, KnowsNothingBeforeTheFirstAnswer) {
  EXPECT_FALSE(offset_.estimate());
  EXPECT_FALSE(offset_.rtt());
  EXPECT_EQ(offset_.to_ours(now_), now_);
}

TEST_F(ClockOffsetTest, SameClockIsCertainWithoutAnyProbe) {
  offset_.set_same_clock(true);
  ASSERT_TRUE(offset_.estimate());
  EXPECT_EQ(offset_.estimate()->offset_us, 0);
  EXPECT_EQ(offset_.estimate()->bound_us, 0);
  probe(1ms, 1ms);
  EXPECT_EQ(offset_.estimate()->offset_us, 0);
}

TEST_F(ClockOffsetTest, SymmetricDelayGivesTheOffsetItself) {
  probe(2ms, 2ms, 7ms);
  EXPECT_EQ(error_us(), 0);
  EXPECT_EQ(offset_.estimate()->bound_us, 2000);
  EXPECT_EQ(offset_.rtt(), 4ms) << "the rest at the other end is no way";
}

TEST_F(ClockOffsetTest, TruthLiesWithinTheBoundHoweverAsymmetricTheWayIs) {
  for (const int64_t ahead : {int64_t{-987'654'321}, int64_t{0}, int64_t{10}, int64_t{123'456'789}}) {
    ahead_us_ = ahead;
    for (int there = 0; there < 12; ++there) {
      for (int back = 0; back < 12; ++back) {
        offset_ = {};
        probe(there * 1us, back * 1us, 3us);
        EXPECT_LE(error_us(), offset_.estimate()->bound_us) << ahead << " " << there << " " << back;
      }
    }
  }
}

TEST_F(ClockOffsetTest, ProbeWithTheLeastRoundTripCounts) {
  probe(30ms, 1ms);
  probe(1ms, 1ms);
  probe(1ms, 80ms);
  EXPECT_EQ(error_us(), 0);
  EXPECT_EQ(offset_.rtt(), 2ms);
}

TEST_F(ClockOffsetTest, ForgetsAllButTheLastEight) {
  probe(1ms, 1ms);
  for (int i = 0; i < 7; ++i) probe(5ms, 5ms);
  EXPECT_EQ(offset_.rtt(), 2ms);
  probe(5ms, 5ms);
  EXPECT_EQ(offset_.rtt(), 10ms);
}

TEST_F(ClockOffsetTest, IgnoresStampsThatCannotBeTrue) {
  offset_.add({true, to_us(now_), 0, 10'000'000}, now_ + 1s);  // rested longer than the probe took
  EXPECT_FALSE(offset_.estimate());
  probe(40s, 40s);
  EXPECT_FALSE(offset_.estimate());
}

TEST_F(ClockOffsetTest, MapsTheirTimesOntoOurs) {
  probe(1ms, 1ms);
  const Instant theirs = now_ + std::chrono::microseconds(ahead_us_);
  EXPECT_EQ(offset_.to_ours(theirs), now_);
}

}  // namespace
}  // namespace glimt::feedback

#include "packetize/pacer.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace glimt::packetize {
namespace {

using namespace std::chrono_literals;

// 8 Mbit/s: a byte takes a microsecond.
class PacerTest : public ::testing::Test {
 protected:
  // Sends whatever is due, as soon as it is, until `bytes` have left; how long that took.
  Duration time_to_send(size_t bytes, size_t packet_bytes = 1000) {
    const Instant began = now_;
    while (bytes > 0) {
      size_t due = pacer_.due(now_);
      if (due == 0) {
        now_ = pacer_.next();
        continue;
      }
      size_t sent = 0;
      for (; due > 0 && bytes > 0; --due) {
        const size_t size = std::min(bytes, packet_bytes);
        sent += size;
        bytes -= size;
      }
      pacer_.sent(sent, now_);
    }
    return pacer_.next() - began;
  }

  Pacer pacer_{{.rate_bps = 8e6, .batch = 16}};
  Instant now_{100s};
};

TEST_F(PacerTest, SendsInBatchesAndThenPauses) {
  EXPECT_EQ(pacer_.due(now_), 16u);
  pacer_.sent(16'000, now_);
  EXPECT_EQ(pacer_.due(now_), 0u);
  EXPECT_EQ(pacer_.next(), now_ + 16ms);
  EXPECT_EQ(pacer_.due(now_ + 16ms - 1ns), 0u);
  EXPECT_EQ(pacer_.due(now_ + 16ms), 16u);
}

TEST_F(PacerTest, KeepsToItsRateOverManyBatches) { EXPECT_EQ(time_to_send(1'000'000), 1s); }

TEST_F(PacerTest, TimerThatWakesLateByLessThanABatchDoesNotLowerTheRate) {
  const Instant began = now_;
  for (int i = 0; i < 100; ++i) {
    now_ = std::max(now_, pacer_.next()) + 3ms;
    pacer_.sent(16'000, now_);
  }
  EXPECT_EQ(pacer_.next(), began + 3ms + 1600ms);
}

TEST_F(PacerTest, LongPauseEarnsNoBurst) {
  pacer_.sent(16'000, now_);
  now_ += 10s;
  pacer_.sent(16'000, now_);
  EXPECT_EQ(pacer_.due(now_), 0u);
  EXPECT_EQ(pacer_.next(), now_ + 16ms);
}

TEST_F(PacerTest, FrameThatWouldTakeLongerThanItsIntervalLeavesWithinNineTenthsOfIt) {
  pacer_.begin_frame(100'000, 50ms);  // 100 ms at the set rate
  EXPECT_NEAR(to_ms(time_to_send(100'000)), 45, 0.01);
}

TEST_F(PacerTest, FrameThatFitsItsIntervalKeepsToTheRate) {
  pacer_.begin_frame(10'000, 50ms);
  EXPECT_EQ(time_to_send(10'000), 10ms);
}

TEST_F(PacerTest, RateOfALargeFrameDoesNotOutliveIt) {
  pacer_.begin_frame(100'000, 50ms);
  pacer_.begin_frame(10'000, 50ms);
  EXPECT_EQ(time_to_send(10'000), 10ms);
}

TEST_F(PacerTest, KeepsToTheRateWhereTheIntervalIsNotKnown) {
  pacer_.begin_frame(100'000, 0ns);
  EXPECT_EQ(time_to_send(100'000), 100ms);
}

TEST(UnpacedTest, EverythingIsDueAtOnce) {
  Pacer pacer({.rate_bps = 0});
  const Instant now(1s);
  pacer.begin_frame(1'000'000, 10ms);
  EXPECT_EQ(pacer.due(now), SIZE_MAX);
  pacer.sent(1'000'000, now);
  EXPECT_EQ(pacer.due(now), SIZE_MAX);
}

}  // namespace
}  // namespace glimt::packetize

#include "control/rate_limit.hpp"

#include <gtest/gtest.h>

namespace glimt::control {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RateLimitTest : public testing::Test {
 protected:
  int take_all(RateLimit& limit) {
    int taken = 0;
    while (taken < 10'000 && limit.take(time)) ++taken;
    return taken;
  }
  Instant time = Instant(seconds(1000));
};

TEST_F(RateLimitTest, ASecondsWorthMayComeAtOnce) {
  RateLimit limit(5);
  EXPECT_EQ(take_all(limit), 5);
  EXPECT_FALSE(limit.take(time));
}

TEST_F(RateLimitTest, FillsWithTime) {
  RateLimit limit(5);
  take_all(limit);
  time += milliseconds(199);
  EXPECT_EQ(take_all(limit), 0);
  time += milliseconds(1);
  EXPECT_EQ(take_all(limit), 1);
  time += milliseconds(600);
  EXPECT_EQ(take_all(limit), 3);
}

TEST_F(RateLimitTest, SavesNoMoreThanASecondsWorth) {
  RateLimit limit(5);
  take_all(limit);
  time += hours(1);
  EXPECT_EQ(take_all(limit), 5);
}

TEST_F(RateLimitTest, TakenInTurnOverASecondThereAreNoMoreThanTwoSecondsWorth) {
  RateLimit limit(1000);
  int taken = 0;
  for (int us = 0; us < 1'000'000; us += 100) {
    if (limit.take(time + std::chrono::microseconds(us))) ++taken;
  }
  EXPECT_GE(taken, 1998);
  EXPECT_LE(taken, 2000);
}

TEST_F(RateLimitTest, TimeThatGoesBackGivesNothing) {
  RateLimit limit(2);
  take_all(limit);
  EXPECT_FALSE(limit.take(time - seconds(10)));
  EXPECT_FALSE(limit.take(time));
}

TEST_F(RateLimitTest, NoneIsNoLimit) {
  RateLimit limit(0);
  EXPECT_EQ(take_all(limit), 10'000);
}

}  // namespace
}  // namespace glimt::control

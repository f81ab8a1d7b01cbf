#include "hub/back_off.hpp"

#include <gtest/gtest.h>

#include <set>

namespace glimt::hub {
namespace {

TEST(BackOffTest, EachWaitIsWithinHalfAndAllOfADoublingBoundUpToTheLongest) {
  BackOff back_off(7);
  Duration bound = BackOff::kFirst;
  for (int i = 0; i < 20; ++i) {
    const Duration wait = back_off.next();
    EXPECT_GE(wait, bound / 2) << i;
    EXPECT_LE(wait, bound) << i;
    bound = std::min(bound * 2, BackOff::kLongest);
  }
  EXPECT_EQ(bound, BackOff::kLongest);
}

TEST(BackOffTest, AfterASuccessItBeginsAnew) {
  BackOff back_off(7);
  for (int i = 0; i < 10; ++i) back_off.next();
  back_off.reset();
  EXPECT_LE(back_off.next(), BackOff::kFirst);
}

TEST(BackOffTest, ThoseThatFailedTogetherDoNotComeBackTogether) {
  std::set<Duration> waits;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    BackOff back_off(seed);
    for (int i = 0; i < 6; ++i) back_off.next();
    waits.insert(back_off.next());
  }
  EXPECT_GT(waits.size(), 90u);
}

}  // namespace
}  // namespace glimt::hub

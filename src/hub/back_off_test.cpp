#include "hub/back_off.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace glimt::hub {
namespace {

std::vector<Duration> waits(BackOff& back_off, int n) {
  std::vector<Duration> all;
  for (int i = 0; i < n; ++i) all.push_back(back_off.next());
  return all;
}

TEST(BackOffTest, EachWaitIsUpToTwiceAsLongAndNeverLongerThanTheLast) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    BackOff back_off(seed);
    Duration longest = BackOff::kFirst;
    for (const auto wait : waits(back_off, 12)) {
      EXPECT_GE(wait, longest / 2) << seed;
      EXPECT_LT(wait, longest) << seed;
      longest = std::min(longest * 2, BackOff::kLast);
    }
    EXPECT_EQ(longest, BackOff::kLast);
  }
}

TEST(BackOffTest, WhatWorkedBeginsWithTheFirstWaitAgain) {
  BackOff back_off(7);
  waits(back_off, 12);
  back_off.reset();
  EXPECT_LT(back_off.next(), BackOff::kFirst);
  EXPECT_GE(back_off.next(), BackOff::kFirst);
}

TEST(BackOffTest, TheSameSeedGivesTheSameWaitsAndOthersGiveOthers) {
  std::set<Duration> firsts;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    BackOff one(seed), same(seed);
    const auto all = waits(one, 5);
    EXPECT_EQ(all, waits(same, 5));
    firsts.insert(all[0]);
  }
  EXPECT_EQ(firsts.size(), 50u) << "what failed together is not tried again together";
}

}  // namespace
}  // namespace glimt::hub

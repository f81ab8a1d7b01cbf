#include "hub/frame_rate_limit.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace glimt::hub {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class FrameRateLimitTest : public testing::Test {
 protected:
  // Numbers of those that stay, of `n` pictures that come `fps` times a second, each as much too late as `wavers` says.
  std::vector<int> stay(int n, double fps, const std::vector<Duration>& wavers = {0ns}) {
    std::vector<int> numbers;
    for (int i = 0; i < n; ++i) {
      const auto at = start_ + Duration(static_cast<int64_t>(i * 1e9 / fps));
      if (limit_.stays(at + wavers[static_cast<size_t>(i) % wavers.size()])) numbers.push_back(i);
    }
    start_ += Duration(static_cast<int64_t>(n * 1e9 / fps));
    return numbers;
  }
  static std::vector<int> gaps(const std::vector<int>& numbers) {
    std::vector<int> all;
    for (size_t i = 1; i < numbers.size(); ++i) all.push_back(numbers[i] - numbers[i - 1]);
    return all;
  }

  FrameRateLimit limit_;
  Instant start_{1h};
};

TEST_F(FrameRateLimitTest, WithoutALimitAllStay) { EXPECT_EQ(stay(100, 1000).size(), 100u); }

TEST_F(FrameRateLimitTest, OfTwiceOrFourTimesAsManyEachSecondOrFourthStays) {
  limit_.set(15);
  EXPECT_THAT(gaps(stay(60, 30)), Each(2));
  limit_.set(7.5);
  EXPECT_THAT(gaps(stay(60, 30)), Each(4));
}

TEST_F(FrameRateLimitTest, WhatDoesNotDivideIsSpread) {
  limit_.set(20);
  const auto numbers = stay(90, 30);
  EXPECT_EQ(numbers.size(), 60u);
  for (size_t i = 2; i < numbers.size(); ++i)
    EXPECT_EQ(numbers[i] - numbers[i - 2], 3) << "of each three, two";
}

TEST_F(FrameRateLimitTest, ASourceOfThatRateOrLessLosesNothingThoughItsTimesWaver) {
  const std::vector<Duration> wavers{0ms, 3ms, -2ms, 4ms, -4ms};
  limit_.set(30);
  EXPECT_EQ(stay(300, 30, wavers).size(), 300u);
  EXPECT_EQ(stay(100, 10, wavers).size(), 100u);
}

TEST_F(FrameRateLimitTest, NeverMoreThanTheRateSays) {
  for (const double limit : {0.5, 1.0, 7.0, 24.0, 29.0, 59.9}) {
    limit_.set(limit);
    const auto most = static_cast<size_t>(limit * 10) + 2;
    EXPECT_LE(stay(600, 60, {0ms, 5ms, -5ms}).size(), most) << limit;
  }
}

TEST_F(FrameRateLimitTest, AfterAPauseNothingIsMadeUpFor) {
  limit_.set(10);
  stay(30, 30);
  start_ += 10s;
  EXPECT_THAT(stay(10, 30), ElementsAre(0, 3, 6, 9));
}

TEST_F(FrameRateLimitTest, TimesOfAnotherSourceThatAreFarBackBeginAnew) {
  limit_.set(1);
  stay(10, 1);
  start_ -= 100s;
  EXPECT_THAT(stay(3, 1), ElementsAre(0, 1, 2));
}

TEST_F(FrameRateLimitTest, ANewLimitHoldsFromTheNextPictureOn) {
  limit_.set(0.1);
  EXPECT_THAT(stay(30, 30), ElementsAre(0));
  EXPECT_THAT(stay(30, 30), IsEmpty());
  limit_.set(30);
  EXPECT_EQ(stay(30, 30).size(), 30u);
}

}  // namespace
}  // namespace glimt::hub

#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace glimt {
namespace {

using namespace std::chrono_literals;

TEST(HistogramTest, HasNothingAtFirst) {
  const Histogram h;
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.quantile(0.5), 0ns);
  EXPECT_EQ(h.percentiles().max_ms, 0);
}

TEST(HistogramTest, PercentilesAreThoseOfTheSortedDurationsWithin16PerMille) {
  Histogram h;
  std::vector<int64_t> all;
  uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto us = static_cast<int64_t>(std::exp(static_cast<double>(state >> 40) / 8e5));  // 1 us to 20 min
    all.push_back(std::min<int64_t>(us, (1 << 30) - 1));
    h.add(std::chrono::microseconds(us));
  }
  std::sort(all.begin(), all.end());
  for (const double share : {0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(all.size()))) - 1;
    const auto expected = static_cast<double>(all[rank]);
    EXPECT_NEAR(to_ms(h.quantile(share)) * 1e3, expected, expected * 0.016 + 0.5) << share;
  }
}

TEST(HistogramTest, EveryDurationIsWithin16PerMilleOfItself) {
  for (int64_t us = 0; us < 1 << 30; us = us * 17 / 16 + 1) {
    Histogram h;
    h.add(std::chrono::microseconds(us));
    h.add(std::chrono::hours(1));  // so that the longest does not bound it
    EXPECT_NEAR(to_ms(h.quantile(0.5)) * 1e3, static_cast<double>(us), static_cast<double>(us) * 0.016);
  }
}

TEST(HistogramTest, ShorterThanNothingCountsAsNothingAndLongerAsTheLongest) {
  Histogram h;
  h.add(-5s);
  EXPECT_EQ(h.quantile(1), 0ns);
  h.add(std::chrono::hours(24));
  EXPECT_EQ(h.count(), 2u);
  EXPECT_EQ(h.percentiles().max_ms, ((1 << 30) - 1) / 1e3);
}

TEST(HistogramTest, MaximumIsExact) {
  Histogram h;
  h.add(12'345us);
  EXPECT_EQ(h.percentiles().max_ms, 12.345);
  EXPECT_LE(h.percentiles().p99_ms, 12.345);
}

TEST(HistogramTest, ClearForgetsEverything) {
  Histogram h;
  h.add(1s);
  h.clear();
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.percentiles().max_ms, 0);
}

}  // namespace
}  // namespace glimt

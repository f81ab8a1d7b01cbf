#include "base/samples.hpp"

#include <gmock/gmock.h>

#include <numeric>

namespace glimt {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Samples of(const std::vector<Duration>& durations) {
  Samples samples;
  for (const auto d : durations) samples.add(d);
  return samples;
}

TEST(Samples, GivesExactPercentilesByNearestRank) {
  Samples samples;
  for (int i = 200; i > 0; --i) samples.add(std::chrono::microseconds(i * 1000 + 1));
  const auto p = samples.percentiles();
  EXPECT_EQ(p.n, 200u);
  EXPECT_DOUBLE_EQ(p.p50_ms, 100.001);
  EXPECT_DOUBLE_EQ(p.p95_ms, 190.001);
  EXPECT_DOUBLE_EQ(p.p99_ms, 198.001);
  EXPECT_DOUBLE_EQ(p.max_ms, 200.001);
}

TEST(Samples, OfNoneAndOfOne) {
  EXPECT_EQ(Samples().percentiles().n, 0u);
  EXPECT_TRUE(Samples().bins(10).counts.empty());
  const auto one = of({7ms});
  EXPECT_DOUBLE_EQ(one.percentiles().p50_ms, 7);
  EXPECT_DOUBLE_EQ(one.percentiles().p99_ms, 7);
  EXPECT_THAT(one.bins(10).counts, ElementsAre(1));
}

TEST(Samples, GivesPercentilesOfTheNewest) {
  const auto samples = of({50ms, 60ms, 1ms, 2ms, 3ms});
  EXPECT_EQ(samples.percentiles(2).n, 3u);
  EXPECT_DOUBLE_EQ(samples.percentiles(2).max_ms, 3);
  EXPECT_EQ(samples.percentiles(99).n, 0u);
}

TEST(Samples, TakesNoMoreThanItsBound) {
  Samples samples;
  for (size_t i = 0; i < Samples::kMost + 5; ++i) samples.add(1us);
  EXPECT_TRUE(samples.full());
  EXPECT_EQ(samples.count(), Samples::kMost);
}

TEST(Samples, BinsHaveARoundWidthAndHoldEachSampleOnce) {
  const auto bins = of({1000us, 1100us, 1200us, 1399us, 1400us}).bins(12);
  EXPECT_DOUBLE_EQ(bins.width_ms, 0.05);
  EXPECT_DOUBLE_EQ(bins.begin_ms, 1.0);
  EXPECT_THAT(bins.counts, ElementsAre(1, 0, 1, 0, 1, 0, 0, 1, 1));
  EXPECT_EQ(bins.above, 0u);
}

TEST(Samples, WhatIsFarAboveP99StandsInNoBinButIsCounted) {
  std::vector<Duration> durations(300, 5ms);
  durations[0] = 4ms;
  durations[1] = 900ms;
  const auto bins = of(durations).bins(20);
  EXPECT_EQ(bins.above, 1u);
  EXPECT_LT(bins.end_ms(), 10);
  EXPECT_EQ(std::accumulate(bins.counts.begin(), bins.counts.end(), bins.above), 300u);
}

TEST(Samples, NeverGivesMoreBinsThanAsked) {
  for (const size_t most : {1u, 2u, 3u, 7u, 40u}) {
    for (int spread = 1; spread < 100'000; spread = spread * 3 + 1) {
      Samples samples;
      for (int i = 0; i < 100; ++i) samples.add(std::chrono::microseconds(777 + i * spread));
      const auto bins = samples.bins(most);
      EXPECT_LE(bins.counts.size(), most);
      EXPECT_EQ(std::accumulate(bins.counts.begin(), bins.counts.end(), bins.above), 100u);
      EXPECT_LE(bins.above, most < 3 ? 100u : 1u) << most << " bins, spread " << spread;
    }
  }
}

TEST(Samples, ATimeBeforeItsBeginningIsSeenAsSuch) {
  const auto bins = of({-300us, 100us}).bins(10);
  EXPECT_LE(bins.begin_ms, -0.3);
  EXPECT_EQ(std::accumulate(bins.counts.begin(), bins.counts.end(), bins.above), 2u);
}

}  // namespace
}  // namespace glimt

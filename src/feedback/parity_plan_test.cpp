#include "feedback/parity_plan.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace glimt::feedback {
namespace {

double mean(const LossDistribution& d) {
  double sum = 0;
  for (size_t i = 0; i <= d.packets(); ++i) sum += d.lost(i) * static_cast<double>(i);
  return sum;
}

TEST(LossDistributionTest, RandomLossIsBinomial) {
  LossDistribution d({0.1, 1 / 0.9});
  for (int i = 0; i < 20; ++i) d.add_packet();
  double term = std::pow(0.9, 20);  // none of 20
  for (size_t lost = 0; lost <= 20; ++lost) {
    EXPECT_NEAR(d.lost(lost), term, 1e-12) << lost;
    term *= (20.0 - static_cast<double>(lost)) / (static_cast<double>(lost) + 1) / 9;
  }
}

TEST(LossDistributionTest, BurstsKeepTheMeanAndFattenTheTail) {
  LossDistribution even({0.05, 1 / 0.95}), bursts({0.05, 4});
  for (int i = 0; i < 100; ++i) {
    even.add_packet();
    bursts.add_packet();
  }
  EXPECT_NEAR(mean(even), 5, 1e-9);
  EXPECT_NEAR(mean(bursts), 5, 1e-9);
  EXPECT_NEAR(bursts.lost_more_than(0) + bursts.lost(0), 1, 1e-12);
  EXPECT_GT(bursts.lost_more_than(15), 30 * even.lost_more_than(15));
}

TEST(ChannelTest, ThinnedLosesAsMuchInShorterBursts) {
  const Channel c{0.05, 4};
  EXPECT_NEAR(c.thinned(1).burst, 4, 1e-12);
  EXPECT_NEAR(c.thinned(2).burst, 1 / (1 - (0.75 * 0.75 + 0.25 * 0.05 / 0.95 / 4)), 1e-9);
  EXPECT_NEAR(c.thinned(100).burst, 1 / 0.95, 1e-6);
  EXPECT_EQ(c.thinned(7).loss, 0.05);
}

struct Cell {
  double loss, burst, overhead, residual;
};
void PrintTo(const Cell& c, std::ostream* out) { *out << "loss " << c.loss << ", burst " << c.burst; }

// The table of goals, by the closed form.
class ParityPlannerTest : public ::testing::TestWithParam<Cell> {};

TEST_P(ParityPlannerTest, ReachesTheResidualWithinTheOverhead) {
  const auto& cell = GetParam();
  ParityPlanner planner;
  for (const uint32_t symbols : {26u, 48u, 150u, 600u}) {
    const auto plan = planner.plan({symbols, (symbols + 127) / 128, 2}, {cell.loss, cell.burst});
    EXPECT_LE(plan.residual, cell.residual) << symbols;
    EXPECT_LE(plan.overhead, cell.overhead * (symbols == 26 ? 2 : 1)) << symbols;
    EXPECT_LE(plan.waiting, 0.25) << symbols;
    EXPECT_GE(plan.rows, ParityPlanner::kFewestRows);
  }
}

INSTANTIATE_TEST_SUITE_P(Goals, ParityPlannerTest,
                         ::testing::Values(Cell{0.01, 1.01, 0.06, 1e-5}, Cell{0.05, 1.05, 0.12, 1e-5},
                                           Cell{0.10, 1.11, 0.22, 1e-5}, Cell{0.01, 4, 0.06, 1e-5},
                                           Cell{0.05, 4, 0.15, 4e-5}, Cell{0.10, 4, 0.25, 2e-4},
                                           Cell{0.05, 10, 0.20, 3e-4}));

TEST(ParityPlanTest, WithoutTimeForRepairParityDoesItAlone) {
  ParityPlanner planner;
  const auto with = planner.plan({48, 1, 2}, {0.05, 4});
  const auto without = planner.plan({48, 1, 0}, {0.05, 4});
  EXPECT_GT(without.rows, 2 * with.rows);
  EXPECT_LE(without.rows, 24) << "at most half";
  EXPECT_LT(without.residual, 0.02);
}

TEST(ParityPlanTest, SmallFramesHaveTwoRowsAtLeast) {
  ParityPlanner planner;
  for (const uint32_t symbols : {1u, 2u, 3u}) {
    EXPECT_GE(planner.plan({symbols, 1, 2}, {0.001, 1}).rows, 2);
    EXPECT_GE(planner.plan({symbols, 1, 0}, {0.4, 9}).rows, 2);
  }
}

TEST(ParityPlanTest, IsKeptForFramesOfNearlyTheSameSize) {
  ParityPlanner planner;
  const auto first = planner.plan({150, 2, 2}, {0.05, 4});
  for (uint32_t symbols = 145; symbols <= 153; ++symbols)
    EXPECT_EQ(planner.plan({symbols, 2, 2}, {0.0501, 4.01}).rows, first.rows);
}

}  // namespace
}  // namespace glimt::feedback

#include "feedback/loss_meter.hpp"

#include <gtest/gtest.h>

#include <set>

namespace glimt::feedback {
namespace {

class LossMeterTest : public ::testing::Test {
 protected:
  // A report of packets `first` to `last`, those in `lost_` missing.
  wire::Feedback report(uint32_t number, uint64_t first, uint64_t last) const {
    wire::Feedback f;
    f.report = number;
    f.arrivals.first = first;
    for (uint64_t n = first; n <= last; ++n)
      f.arrivals.before_16us[f.arrivals.count++] = lost_.contains(n) ? wire::Arrivals::kLost : 1;
    return f;
  }
  static void add_fate(wire::Feedback& f, uint32_t frame, wire::Fate fate) {
    f.fates[f.fate_count++] = {Sequence(frame), fate, 0};
  }

  std::set<uint64_t> lost_;
  LossMeter meter_;
};

TEST_F(LossMeterTest, CountsLossAndItsBursts) {
  lost_ = {5, 6, 7, 20};
  EXPECT_TRUE(meter_.add(report(1, 1, 100)));
  EXPECT_EQ(meter_.totals().packets, 84u) << "the newest 16 may still be on their way";
  EXPECT_EQ(meter_.totals().lost, 4u);
  EXPECT_EQ(meter_.totals().bursts, 2u);
}

TEST_F(LossMeterTest, JudgesEachPacketOnceHoweverOftenItIsReported) {
  lost_ = {5};
  meter_.add(report(1, 1, 50));
  meter_.add(report(2, 1, 80));
  meter_.add(report(3, 1, 116));
  EXPECT_EQ(meter_.totals().packets, 100u);
  EXPECT_EQ(meter_.totals().lost, 1u);
}

TEST_F(LossMeterTest, LostReportIsMadeUpForByTheNext) {
  lost_ = {30, 60};
  meter_.add(report(1, 1, 50));
  meter_.add(report(3, 35, 116));
  EXPECT_EQ(meter_.totals().packets, 100u);
  EXPECT_EQ(meter_.totals().lost, 2u);
}

TEST_F(LossMeterTest, PacketThatIsOnlyOvertakenIsNotLost) {
  lost_ = {45};
  meter_.add(report(1, 1, 50));
  lost_ = {};
  meter_.add(report(2, 1, 100));
  EXPECT_EQ(meter_.totals().lost, 0u);
}

TEST_F(LossMeterTest, BurstMaySpanReports) {
  for (uint64_t n = 30; n < 40; ++n) lost_.insert(n);
  meter_.add(report(1, 1, 50));
  meter_.add(report(2, 1, 100));
  EXPECT_EQ(meter_.totals().lost, 10u);
  EXPECT_EQ(meter_.totals().bursts, 1u);
}

TEST_F(LossMeterTest, OldAndRepeatedReportsSayNothingNew) {
  EXPECT_TRUE(meter_.add(report(5, 1, 50)));
  EXPECT_FALSE(meter_.add(report(5, 1, 90)));
  EXPECT_FALSE(meter_.add(report(4, 1, 90)));
  EXPECT_EQ(meter_.totals().packets, 34u);
}

TEST_F(LossMeterTest, ReportNumbersWrapAround) {
  EXPECT_TRUE(meter_.add(report(UINT32_MAX, 1, 50)));
  EXPECT_TRUE(meter_.add(report(1, 1, 60)));
  EXPECT_EQ(meter_.totals().packets, 44u);
}

TEST_F(LossMeterTest, CountsEachFateOnce) {
  auto f = report(1, 1, 1);
  add_fate(f, 1, wire::Fate::complete);
  add_fate(f, 2, wire::Fate::late);
  meter_.add(f);
  f.report = 2;
  add_fate(f, 3, wire::Fate::failed);
  meter_.add(f);
  EXPECT_EQ(meter_.totals().complete, 1u);
  EXPECT_EQ(meter_.totals().late, 1u);
  EXPECT_EQ(meter_.totals().failed, 1u);
}

TEST_F(LossMeterTest, FatesMayComeOutOfOrderAndWrapAround) {
  auto f = report(1, 1, 1);
  for (const uint32_t frame : {0xFFFFFFFFu, 1u, 0u}) add_fate(f, frame, wire::Fate::complete);
  meter_.add(f);
  EXPECT_EQ(meter_.totals().complete, 3u);
}

TEST_F(LossMeterTest, KernelDropsAreWhatTheLastReportSays) {
  auto f = report(1, 1, 1);
  f.kernel_drops = 7;
  meter_.add(f);
  EXPECT_EQ(meter_.totals().kernel_drops, 7u);
}

TEST_F(LossMeterTest, ReportWithoutArrivalsIsTaken) {
  wire::Feedback f;
  f.report = 1;
  EXPECT_TRUE(meter_.add(f));
  EXPECT_EQ(meter_.totals().packets, 0u);
}

}  // namespace
}  // namespace glimt::feedback

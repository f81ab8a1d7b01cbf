#include "feedback/arrival_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::feedback {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class ArrivalLogTest : public ::testing::Test {
 protected:
  bool arrive(uint64_t number) { return log_.add(number, now_); }
  void arrive(uint64_t first, uint64_t last) {
    for (uint64_t n = first; n <= last; ++n) arrive(n);
  }
  wire::Feedback report() {
    wire::Feedback f;
    log_.report(f, now_);
    return f;
  }
  // first, then each packet's age in 16 us units
  static std::vector<uint64_t> listed(const wire::Feedback& f) {
    std::vector<uint64_t> list{f.arrivals.first};
    for (size_t i = 0; i < f.arrivals.count; ++i) list.push_back(f.arrivals.before_16us[i]);
    return list;
  }

  static constexpr uint64_t kLost = wire::Arrivals::kLost;
  ArrivalLog log_;
  Instant now_{50s};
};

TEST_F(ArrivalLogTest, ReportsNothingAtFirst) {
  EXPECT_EQ(report().arrivals.count, 0);
  EXPECT_EQ(report().highest_number, 0u);
}

TEST_F(ArrivalLogTest, TakesEachNumberOnce) {
  EXPECT_TRUE(arrive(1));
  EXPECT_TRUE(arrive(3));
  EXPECT_FALSE(arrive(3));
  EXPECT_TRUE(arrive(2));
  EXPECT_FALSE(arrive(2));
  EXPECT_EQ(log_.received(), 3u);
  EXPECT_EQ(log_.highest(), 3u);
}

TEST_F(ArrivalLogTest, NumberZeroIsNoPackets) { EXPECT_FALSE(arrive(0)); }

TEST_F(ArrivalLogTest, ReportsWhatCameAndWhatDidNot) {
  arrive(1);
  now_ += 160us;
  arrive(3);
  now_ += 16us;
  EXPECT_THAT(listed(report()), ElementsAre(1, 11, kLost, 1));
}

TEST_F(ArrivalLogTest, SaysEachArrivalInThreeReports) {
  arrive(1, 2);
  EXPECT_EQ(listed(report()).size(), 1 + 2u);
  arrive(3);
  EXPECT_EQ(listed(report()).size(), 1 + 3u);
  arrive(4);
  EXPECT_THAT(listed(report()), ElementsAre(1, 0, 0, 0, 0));
  EXPECT_THAT(listed(report()), ElementsAre(3, 0, 0));
  EXPECT_THAT(listed(report()), ElementsAre(4, 0));
  EXPECT_EQ(report().arrivals.count, 0);
}

TEST_F(ArrivalLogTest, PacketThatCameLateIsReportedAsCome) {
  arrive(1);
  arrive(3);
  EXPECT_THAT(listed(report()), ElementsAre(1, 0, kLost, 0));
  arrive(2);
  EXPECT_THAT(listed(report()), ElementsAre(1, 0, 0, 0));
}

TEST_F(ArrivalLogTest, ReportsTheNewestWhereThereAreTooMany) {
  arrive(1, 1000);
  const auto f = report();
  EXPECT_EQ(f.arrivals.count, wire::Arrivals::kMax);
  EXPECT_EQ(f.arrivals.first, 1000 - wire::Arrivals::kMax + 1);
  EXPECT_EQ(f.highest_number, 1000u);
  EXPECT_EQ(f.packets, 1000u);
}

TEST_F(ArrivalLogTest, VeryOldArrivalIsNotTakenForLost) {
  arrive(1);
  now_ += 1h;
  EXPECT_THAT(listed(report()), ElementsAre(1, kLost - 1));
}

TEST_F(ArrivalLogTest, StreamMayBeginAtAnyNumber) {
  arrive(1'000'000);
  arrive(1'000'002);
  EXPECT_THAT(listed(report()), ElementsAre(1'000'000, 0, kLost, 0));
  EXPECT_EQ(log_.lost(), 0u);
}

TEST_F(ArrivalLogTest, NumberIsLostWhenItFallsOutOfTheWindow) {
  arrive(1);
  arrive(3, 1025);
  EXPECT_EQ(log_.lost(), 0u);
  arrive(1026);  // 2 can no longer be told from a repeat
  EXPECT_EQ(log_.lost(), 1u);
  EXPECT_FALSE(arrive(2));
}

TEST_F(ArrivalLogTest, NumbersEndWhereTheirTypeEnds) {
  arrive(UINT64_MAX - 1024);
  EXPECT_TRUE(arrive(UINT64_MAX));
  EXPECT_FALSE(arrive(UINT64_MAX));
  EXPECT_EQ(log_.received(), 2u);
}

TEST_F(ArrivalLogTest, NumbersOfAnOutageAreLostOnce) {
  arrive(1);
  arrive(2000);
  arrive(2001, 5000);
  EXPECT_EQ(log_.lost(), 1998u);
}

TEST_F(ArrivalLogTest, PacketsThatStillComeAfterAJumpAreNotLost) {
  arrive(1, 10);
  arrive(2000);
  arrive(1500, 1999);
  arrive(2001, 5000);
  EXPECT_EQ(log_.lost(), 1499u - 10);
}

TEST_F(ArrivalLogTest, EveryNumberIsEitherReceivedOrLost) {
  uint64_t last = 0;
  for (uint64_t n = 1; n < 20'000; ++n) {
    if (n * 2654435761 % 97 < 5 || (n > 7000 && n < 9500)) continue;
    arrive(n);
    last = n;
  }
  arrive(last + 1, last + 1024);  // all of them have left the window
  EXPECT_EQ(log_.received() + log_.lost(), last + 1024);
}

// The session's first two packets may overtake each other on the way.
TEST_F(ArrivalLogTest, TakesAPacketThatTheVeryFirstHadOvertaken) {
  arrive(2);
  EXPECT_TRUE(arrive(1));
  EXPECT_FALSE(arrive(1));
}

}  // namespace
}  // namespace glimt::feedback

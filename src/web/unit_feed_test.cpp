#include "web/unit_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/hub_of_pictures.hpp"

namespace glimt::web {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class UnitFeedTest : public testing::Test {
 protected:
  static constexpr uint32_t kClosed = 0xFFFFFFFF;

  void send(uint32_t number) {
    Ref<media::AccessUnit> unit(new media::AccessUnit);
    unit->info.number = Sequence(number);
    units->send(unit);
  }
  // Numbers of all that is to be had; kClosed where the stream has ended.
  std::vector<uint32_t> taken() {
    std::vector<uint32_t> numbers;
    while (const auto unit = feed->take()) numbers.push_back(*unit ? (*unit)->info.number.value() : kClosed);
    return numbers;
  }
  void start() {
    feed->start([this] { ++woken; });
  }

  test::StreamsInTest streams{{"cam0", {}}};
  std::unique_ptr<hub::Hub> hub = test::open_hub_of_pictures(streams);
  std::shared_ptr<test::UnitsInTest> units = streams.at("cam0").units;
  std::unique_ptr<UnitFeed> feed = UnitFeed::open(*hub, "cam0", hub::WatchAs::stream).value();
  int woken = 0;
};

TEST_F(UnitFeedTest, HasNothingBeforeSomethingComes) {
  start();
  EXPECT_EQ(woken, 0);
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(UnitFeedTest, GivesUnitsInTheirOrder) {
  start();
  for (uint32_t n = 1; n <= UnitFeed::kMostUnits; ++n) send(n);
  EXPECT_THAT(taken(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(UnitFeedTest, LeavesOutTheOldestWhereNobodyTakesThem) {
  for (uint32_t n = 1; n <= UnitFeed::kMostUnits + 2; ++n) send(n);
  EXPECT_THAT(taken(), ElementsAre(3, 4, 5, 6, 7, 8, 9, 10));
}

TEST_F(UnitFeedTest, WakesOnceUntilAllThatIsThereWasTaken) {
  start();
  send(1);
  send(2);
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(feed->take());
  send(3);  // 2 still waits: whoever was woken is not through yet
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(taken(), ElementsAre(2, 3));
  send(4);
  EXPECT_EQ(woken, 2);
}

TEST_F(UnitFeedTest, WakesAtOnceWhereSomethingWaitsAlready) {
  send(1);
  EXPECT_EQ(woken, 0);
  start();
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(taken(), ElementsAre(1));
}

TEST_F(UnitFeedTest, TellsBehindTheLastUnitsThatTheStreamIsClosed) {
  for (uint32_t n = 1; n <= UnitFeed::kMostUnits; ++n) send(n);
  units->send({});
  start();
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(taken(), ElementsAre(2, 3, 4, 5, 6, 7, 8, kClosed));
}

TEST_F(UnitFeedTest, IsWokenNoMoreOnceItIsGone) {
  start();
  EXPECT_EQ(units->watchers(), 1u);
  feed.reset();
  EXPECT_EQ(units->watchers(), 0u);
  send(1);
  EXPECT_EQ(woken, 0);
}

TEST_F(UnitFeedTest, FeedsOfOneStreamHaveTheirUnitsEachForItself) {
  const auto other = UnitFeed::open(*hub, "cam0", hub::WatchAs::stream).value();
  send(1);
  EXPECT_THAT(taken(), ElementsAre(1));
  EXPECT_TRUE(other->take());
  EXPECT_FALSE(other->take());
}

TEST_F(UnitFeedTest, PassesOnThatAKeyFrameIsWanted) {
  feed->request_key();
  EXPECT_EQ(units->keys_asked, 1);
}

TEST_F(UnitFeedTest, SaysWhyThereIsNone) {
  EXPECT_EQ(UnitFeed::open(*hub, "cam1", hub::WatchAs::stream).error().kind, ErrorKind::not_found);
  hub->close();
  EXPECT_EQ(UnitFeed::open(*hub, "cam0", hub::WatchAs::stream).error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace glimt::web

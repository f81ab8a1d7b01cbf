#include "pipeline/unit_watchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::pipeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class UnitWatchersTest : public testing::Test {
 protected:
  static Ref<media::AccessUnit> unit(uint32_t number, bool key = true) {
    Ref<media::AccessUnit> made(new media::AccessUnit);
    made->info.number = Sequence(number);
    made->info.key = key;
    return made;
  }
  void send(const Ref<media::AccessUnit>& u, std::vector<int> strips = {0}) {
    watchers.begin(u);
    for (const int index : strips) watchers.strip(u, {{}, {}, index});
    watchers.end(u);
  }
  // Numbers of the units that were handed over; 0 for the end.
  UnitWatchers::OnUnit noting(std::vector<uint32_t>& to) {
    return [&to](const Ref<media::AccessUnit>& u) { to.push_back(u ? u->info.number.value() : 0); };
  }

  UnitWatchers watchers;
  std::vector<uint32_t> seen, seen_too;
};

TEST_F(UnitWatchersTest, HandTheWholeUnitToEachOnce) {
  watchers.add(1, noting(seen), true);
  watchers.add(2, noting(seen_too), true);
  send(unit(7));
  send(unit(8));
  EXPECT_THAT(seen, ElementsAre(7, 8));
  EXPECT_THAT(seen_too, ElementsAre(7, 8));
}

TEST_F(UnitWatchersTest, PutStripsIntoTheirOrder) {
  std::vector<int> order;
  watchers.add(
      1,
      [&](const Ref<media::AccessUnit>& u) {
        for (const auto& strip : u->strips) order.push_back(strip.index);
      },
      true);
  send(unit(1), {2, 0, 1});
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST_F(UnitWatchersTest, HandTheNewestToWhoJoinsWhereItDecodesAloneAndIsStillTheNewest) {
  send(unit(1));
  watchers.add(1, noting(seen), true);
  EXPECT_THAT(seen, ElementsAre(1));
  EXPECT_FALSE(watchers.wants_key());
  watchers.add(2, noting(seen_too), false);
  EXPECT_THAT(seen_too, IsEmpty());
}

TEST_F(UnitWatchersTest, WantAKeyFrameForWhoJoinsBetweenTwo) {
  send(unit(1, false));
  watchers.add(1, noting(seen), true);
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_TRUE(watchers.wants_key());
  send(unit(2, false));
  EXPECT_TRUE(watchers.wants_key());
  send(unit(3));
  EXPECT_FALSE(watchers.wants_key());
}

TEST_F(UnitWatchersTest, WantNothingOnceTheyHaveGone) {
  watchers.add(1, noting(seen), true);
  EXPECT_TRUE(watchers.remove(1));
  EXPECT_FALSE(watchers.remove(1));
  EXPECT_FALSE(watchers.wants_key());
  send(unit(1));
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(UnitWatchersTest, HandOverNothingOfAUnitThatWasGivenUp) {
  watchers.add(1, noting(seen), true);
  const auto given_up = unit(1);
  watchers.begin(given_up);
  watchers.strip(given_up, {});
  watchers.abandon(given_up);
  watchers.end(given_up);
  send(unit(2));
  EXPECT_THAT(seen, ElementsAre(2));
}

TEST_F(UnitWatchersTest, AreToldOnceThatTheStreamIsClosed) {
  watchers.add(1, noting(seen), true);
  watchers.close();
  watchers.close();
  EXPECT_THAT(seen, ElementsAre(0));
  EXPECT_EQ(watchers.count(), 0u);
}

}  // namespace
}  // namespace glimt::pipeline

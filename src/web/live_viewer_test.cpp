#include "web/live_viewer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glimt::web {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class LiveViewerTest : public testing::Test {
 protected:
  void offer(uint32_t number, bool key = true) {
    Ref<media::AccessUnit> unit(new media::AccessUnit);
    unit->info.number = Sequence(number);
    unit->info.key = key;
    viewer.offer(unit);
  }
  void offer_delta(uint32_t number) { offer(number, false); }
  // Numbers of what is sent now; behind a gap with a minus.
  std::vector<int> sent() {
    std::vector<int> numbers;
    while (const auto next = viewer.next()) {
      const int number = static_cast<int>(next->unit->info.number.value());
      numbers.push_back(next->discontinuity ? -number : number);
    }
    return numbers;
  }
  bool asks_key(milliseconds at) { return viewer.take_key_request(Instant(at)); }

  LiveViewer viewer;
};

TEST_F(LiveViewerTest, SendsTwoThatAreNotTakenAndThenTheNewestOnly) {
  offer(1);
  EXPECT_THAT(sent(), ElementsAre(1));
  offer(2);
  EXPECT_THAT(sent(), ElementsAre(2));
  for (uint32_t n = 3; n <= 9; ++n) offer(n);
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(viewer.taken(Sequence(1)));
  EXPECT_THAT(sent(), ElementsAre(-9));
  EXPECT_EQ(viewer.sent(), 3u);
  EXPECT_EQ(viewer.left_out(), 6u);
}

TEST_F(LiveViewerTest, TakesANumberAsAllUpToIt) {
  offer(1);
  EXPECT_THAT(sent(), ElementsAre(1));
  offer(2);
  EXPECT_THAT(sent(), ElementsAre(2));
  EXPECT_TRUE(viewer.taken(Sequence(2)));
  offer(3);
  EXPECT_THAT(sent(), ElementsAre(3));
  offer(4);
  EXPECT_THAT(sent(), ElementsAre(4));
}

TEST_F(LiveViewerTest, RefusesANumberThatWasNeverSent) {
  EXPECT_FALSE(viewer.taken(Sequence(1)));
  offer(1);
  sent();
  EXPECT_FALSE(viewer.taken(Sequence(2)));
  EXPECT_TRUE(viewer.taken(Sequence(1)));
  EXPECT_TRUE(viewer.taken(Sequence(1)));  // twice is no harm
}

TEST_F(LiveViewerTest, KnowsNumbersBehindTheWrap) {
  offer(0xFFFFFFFF);
  EXPECT_THAT(sent(), ElementsAre(-1));  // as int
  offer(0);
  EXPECT_THAT(sent(), ElementsAre(0));
  EXPECT_TRUE(viewer.taken(Sequence(0)));
}

TEST_F(LiveViewerTest, SendsNothingOfADependentStreamBeforeAKeyFrame) {
  offer_delta(5);
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(asks_key(milliseconds(1000)));
  EXPECT_FALSE(asks_key(milliseconds(1100)));
  EXPECT_TRUE(asks_key(milliseconds(1500)));  // the first request led to nothing
  offer(6);
  offer_delta(7);
  EXPECT_THAT(sent(), ElementsAre(6, 7));
  EXPECT_FALSE(asks_key(milliseconds(9000)));
}

TEST_F(LiveViewerTest, SendsNothingBehindAGapOfADependentStream) {
  offer(1);
  EXPECT_THAT(sent(), ElementsAre(1));
  offer_delta(3);  // 2 was given up by the encoder
  offer_delta(4);
  EXPECT_THAT(sent(), IsEmpty());
  offer(5);
  EXPECT_THAT(sent(), ElementsAre(-5));
}

TEST_F(LiveViewerTest, AsksForAKeyFrameOnlyOnceASlowViewerHasRoomForIt) {
  offer(1);
  offer_delta(2);
  EXPECT_THAT(sent(), ElementsAre(1, 2));
  for (uint32_t n = 3; n <= 6; ++n) offer_delta(n);  // four wait
  EXPECT_FALSE(asks_key(milliseconds(0)));
  offer_delta(7);  // all of them are left out
  EXPECT_FALSE(asks_key(milliseconds(0)));
  EXPECT_EQ(viewer.left_out(), 5u);
  viewer.taken(Sequence(2));
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(asks_key(milliseconds(0)));
}

}  // namespace
}  // namespace glimt::web

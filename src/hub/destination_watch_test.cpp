#include "hub/destination_watch.hpp"

#include <gtest/gtest.h>

namespace glimt::hub {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class DestinationWatchTest : public testing::Test {
 protected:
  bool sample(uint64_t receivers, uint64_t frames, uint64_t offered) {
    DestinationStats stats;
    stats.receivers = receivers;
    stats.receivers_gone = gone;
    stats.frames = frames;
    return watch.sample(stats, offered, at += milliseconds(250));
  }

  Instant at = Instant(seconds(1000));
  uint64_t gone = 0;
  DestinationWatch watch{"udp://:5000", at};
};

TEST_F(DestinationWatchTest, NobodyIsThereAndTheReasonSaysWhatToStart) {
  EXPECT_TRUE(sample(0, 0, 10));
  EXPECT_EQ(watch.state(), DestinationState::connecting);
  EXPECT_EQ(watch.why(), "nobody is there yet; start `glimt recv udp://:5000`");
  EXPECT_FALSE(sample(0, 0, 20)) << "said once";
}

TEST_F(DestinationWatchTest, PicturesThatReachAReceiverFlow) {
  sample(1, 0, 10);
  EXPECT_EQ(watch.state(), DestinationState::connecting);
  EXPECT_TRUE(sample(1, 1, 11));
  EXPECT_EQ(watch.state(), DestinationState::flowing);
  EXPECT_EQ(watch.why(), "");
  const Instant since = watch.since();
  EXPECT_FALSE(sample(1, 8, 18));
  EXPECT_EQ(watch.since(), since);
}

TEST_F(DestinationWatchTest, AReceiverThatGetsNothingWhileTheStreamHasPicturesIsStalled) {
  sample(1, 5, 5);
  for (uint64_t i = 1; i <= 7; ++i) EXPECT_FALSE(sample(1, 5, 5 + 7 * i)) << i;
  EXPECT_TRUE(sample(1, 5, 61));
  EXPECT_EQ(watch.state(), DestinationState::stalled);
  EXPECT_EQ(watch.why().substr(0, 34), "of the newest 56 pictures none rea");
  EXPECT_FALSE(sample(1, 5, 70)) << "said once";
  EXPECT_TRUE(sample(1, 6, 77));
  EXPECT_EQ(watch.state(), DestinationState::flowing);
}

TEST_F(DestinationWatchTest, AStreamWithoutPicturesStallsNobody) {
  sample(1, 5, 5);
  for (int i = 0; i < 40; ++i) EXPECT_FALSE(sample(1, 5, 5));
  EXPECT_EQ(watch.state(), DestinationState::flowing);
}

TEST_F(DestinationWatchTest, AReceiverThatComesBackHasItsTimeAnew) {
  sample(1, 5, 5);
  gone = 1;
  EXPECT_TRUE(sample(0, 5, 12));
  EXPECT_EQ(watch.state(), DestinationState::connecting);
  EXPECT_EQ(watch.why(), "its receiver has gone; waiting for it, or for another `glimt recv udp://:5000`");
  for (uint64_t i = 0; i < 40; ++i) sample(0, 5, 12 + 7 * i);
  sample(1, 5, 300);
  EXPECT_NE(watch.state(), DestinationState::stalled);
  EXPECT_TRUE(sample(1, 6, 301));
  EXPECT_EQ(watch.state(), DestinationState::flowing);
}

TEST_F(DestinationWatchTest, RefusedIsSaidOnceForEachReason) {
  EXPECT_TRUE(watch.refused("port 5000 is in use", at));
  EXPECT_FALSE(watch.refused("port 5000 is in use", at += seconds(1)));
  EXPECT_TRUE(watch.refused("no such host", at += seconds(1)));
  EXPECT_EQ(watch.state(), DestinationState::refused);
  EXPECT_EQ(watch.since(), at - seconds(2));
  EXPECT_TRUE(sample(0, 0, 0));
  EXPECT_EQ(watch.state(), DestinationState::connecting);
}

}  // namespace
}  // namespace glimt::hub

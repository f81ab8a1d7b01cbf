#include "source/camera_watch.hpp"

#include <gtest/gtest.h>

namespace glimt::source {
namespace {

using namespace std::chrono_literals;

// Time is in the test's hand; the camera gives 30 pictures a second unless it is told otherwise.
class CameraWatchTest : public ::testing::Test {
 protected:
  CameraWatchTest() { open(); }

  void open(double fps = 30) { watch_.opened(fps, now_); }
  void wait(Duration d) {
    now_ += d;
    watch_.nothing(now_);
  }
  void picture(double brightness = 100) {
    watch_.picture(now_, now_);
    if (watch_.wants_brightness(now_)) watch_.brightness(brightness, now_);
  }
  void pictures(Duration d, double brightness) {
    for (Duration t{}; t < d; t += 100ms) {
      now_ += 100ms;
      picture(brightness);
    }
  }
  SourceState state() const { return watch_.stats(now_).state; }

  Instant now_ = Instant{} + 1h;
  CameraWatch watch_{"camera 0"};
};

TEST_F(CameraWatchTest, SilentForOneSecondIsStalledUntilTheNextPicture) {
  wait(999ms);
  EXPECT_EQ(state(), SourceState::flowing);
  wait(1ms);
  EXPECT_EQ(state(), SourceState::stalled);
  picture();
  EXPECT_EQ(state(), SourceState::flowing);
}

TEST_F(CameraWatchTest, SlowCameraMayTakeFourFrames) {
  open(0.5);
  wait(7999ms);
  EXPECT_EQ(state(), SourceState::flowing);
  EXPECT_FALSE(watch_.wants_reopening(now_));
  wait(1ms);
  EXPECT_EQ(state(), SourceState::stalled);
}

TEST_F(CameraWatchTest, SilentForFiveSecondsIsToBeOpenedAnew) {
  wait(4999ms);
  EXPECT_FALSE(watch_.wants_reopening(now_));
  wait(1ms);
  EXPECT_TRUE(watch_.wants_reopening(now_));
  open();
  EXPECT_FALSE(watch_.wants_reopening(now_));
}

TEST_F(CameraWatchTest, OnlyDamagedPicturesAreDamagedNotStalled) {
  for (int i = 0; i < 10; ++i) {
    wait(100ms);
    watch_.refused(now_);
  }
  EXPECT_EQ(state(), SourceState::damaged);
  EXPECT_EQ(watch_.stats(now_).refused, 10u);
  wait(1s);
  EXPECT_EQ(state(), SourceState::stalled);
}

TEST_F(CameraWatchTest, DamagedPictureBetweenWholeOnesIsCountedOnly) {
  wait(500ms);
  watch_.refused(now_);
  wait(499ms);
  picture();
  EXPECT_EQ(state(), SourceState::flowing);
  EXPECT_EQ(watch_.stats(now_).refused, 1u);
}

TEST_F(CameraWatchTest, BlackForTwoSecondsIsBlackUntilALightOne) {
  pictures(1s, 5);
  EXPECT_EQ(state(), SourceState::flowing);
  pictures(2s, 5);
  EXPECT_EQ(state(), SourceState::black);
  pictures(2s, 50);
  EXPECT_EQ(state(), SourceState::flowing);
}

TEST_F(CameraWatchTest, ShortBlackIsNone) {
  pictures(1s, 5);
  pictures(1s, 50);
  pictures(1s, 5);
  EXPECT_EQ(state(), SourceState::flowing);
}

TEST_F(CameraWatchTest, BrightnessIsLookedAtOnceASecond) {
  EXPECT_TRUE(watch_.wants_brightness(now_));
  EXPECT_FALSE(watch_.wants_brightness(now_ + 999ms));
  EXPECT_TRUE(watch_.wants_brightness(now_ + 1s));
}

TEST_F(CameraWatchTest, BackOffDoublesUpToTwoSecondsAndAPictureEndsIt) {
  for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
    watch_.failed(SourceState::gone, now_);
    EXPECT_EQ(watch_.next_attempt() - now_, expected);
  }
  picture();
  watch_.failed(SourceState::gone, now_);
  EXPECT_EQ(watch_.next_attempt() - now_, 100ms);
}

TEST_F(CameraWatchTest, TroubleLastsUntilAPictureCameNotUntilItOpens) {
  watch_.failed(SourceState::gone, now_);
  watch_.failed(SourceState::busy, now_);
  open();
  EXPECT_EQ(state(), SourceState::busy);
  picture();
  EXPECT_EQ(state(), SourceState::flowing);
  EXPECT_EQ(watch_.stats(now_).reopened, 1u);
}

TEST_F(CameraWatchTest, DriversTimeStampIsKeptWhereItCanBeTrue) {
  EXPECT_EQ(watch_.captured_at(now_ - 50ms, now_), now_ - 50ms);
  EXPECT_EQ(watch_.captured_at(now_ - 3s, now_), now_ - 3s);
  EXPECT_EQ(watch_.captured_at(now_ + 20ms, now_), now_);  // drivers estimate
}

TEST_F(CameraWatchTest, TimeStampOfAnotherClockIsReplaced) {
  EXPECT_EQ(watch_.captured_at(Instant{}, now_), now_);
  EXPECT_EQ(watch_.captured_at(now_ - 3001ms, now_), now_);
  EXPECT_EQ(watch_.captured_at(now_ + 24h, now_), now_);
}

TEST_F(CameraWatchTest, AgeIsThatOfTheNewestPictureSinceItsCapture) {
  EXPECT_FALSE(watch_.stats(now_).age);
  watch_.picture(now_ - 50ms, now_);
  EXPECT_EQ(watch_.stats(now_ + 1s).age, 1050ms);
}

}  // namespace
}  // namespace glimt::source

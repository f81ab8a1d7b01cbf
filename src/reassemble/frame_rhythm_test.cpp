#include "reassemble/frame_rhythm.hpp"

#include <gtest/gtest.h>

namespace glimt::reassemble {
namespace {

using namespace std::chrono_literals;

class FrameRhythmTest : public ::testing::Test {
 protected:
  // So many frames, one each interval.
  void come(int frames, Duration interval) {
    for (int i = 0; i < frames; ++i) {
      now_ += interval;
      rhythm_.note(Sequence(++frame_), now_);
    }
  }

  FrameRhythm rhythm_;
  Instant now_{1000s};
  uint32_t frame_ = UINT32_MAX - 5;  // it wraps on the way
};

TEST_F(FrameRhythmTest, KnowsNothingOfTheFirstFrames) {
  EXPECT_EQ(rhythm_.next_by(), Instant::max());
  come(8, 33ms);
  EXPECT_EQ(rhythm_.next_by(), Instant::max());
}

TEST_F(FrameRhythmTest, SteadyFramesAreExpectedAtTheirInterval) {
  come(20, 33ms);
  EXPECT_EQ(rhythm_.next_by(), now_ + 33ms);
}

TEST_F(FrameRhythmTest, FramesThatWereLostWholeDoNotLengthenIt) {
  come(20, 33ms);
  frame_ += 2;
  now_ += 66ms;
  come(1, 33ms);
  EXPECT_EQ(rhythm_.next_by(), now_ + 33ms);
}

TEST_F(FrameRhythmTest, JitterIsAllowedFor) {
  for (int i = 0; i < 40; ++i) come(1, i % 2 ? 31ms : 35ms);
  EXPECT_GT(rhythm_.next_by(), now_ + 35ms);
  EXPECT_LT(rhythm_.next_by(), now_ + 45ms);
}

TEST_F(FrameRhythmTest, FramesWithoutRhythmAreNotExpected) {
  for (int i = 0; i < 40; ++i) come(1, i % 3 ? 5ms : 100ms);
  EXPECT_EQ(rhythm_.next_by(), Instant::max());
}

TEST_F(FrameRhythmTest, PauseOfTheSenderIsNoInterval) {
  come(20, 33ms);
  frame_ += 100;
  now_ += 10s;
  come(1, 33ms);
  EXPECT_EQ(rhythm_.next_by(), now_ + 33ms);
}

}  // namespace
}  // namespace glimt::reassemble

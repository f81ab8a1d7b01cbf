#include "media/time_code.hpp"

#include <gtest/gtest.h>

namespace glimt::media {
namespace {

using Verdict = TimeCodeCheck::Verdict;

// A picture that carries `code`, of a stream that says it was captured at `stamped_us`.
Frame picture(const TimeCode& code, int64_t stamped_us) {
  static BufferPool buffers;
  Frame frame = make_frame(buffers, PixelFormat::gray8, 320, 240);
  EXPECT_TRUE(burn_time_code(frame, code));
  frame.sender_captured_us = stamped_us;
  return frame;
}
Frame picture(uint32_t number, int64_t captured_us) { return picture({number, captured_us}, captured_us); }

TEST(TimeCodeCheck, HoldsWhereNumberAndTimeGoOn) {
  TimeCodeCheck check;
  EXPECT_EQ(check.check(picture(7, 1000)), Verdict::right);
  EXPECT_EQ(check.check(picture(8, 2000)), Verdict::right);
  EXPECT_EQ(check.check(picture(12, 9000)), Verdict::right);  // frames between were lost
  EXPECT_EQ(check.right(), 3u);
}

TEST(TimeCodeCheck, ATimeThatIsNotTheStreamsIsWrong) {
  TimeCodeCheck check;
  EXPECT_EQ(check.check(picture({7, 1000}, 1001)), Verdict::wrong);
  EXPECT_EQ(check.wrong(), 1u);
}

TEST(TimeCodeCheck, APictureThatComesAgainIsWrong) {
  TimeCodeCheck check;
  EXPECT_EQ(check.check(picture(7, 1000)), Verdict::right);
  EXPECT_EQ(check.check(picture(7, 1000)), Verdict::wrong);
}

TEST(TimeCodeCheck, ASenderThatWasRestartedMayCountFromZero) {
  TimeCodeCheck check;
  EXPECT_EQ(check.check(picture(700, 1000)), Verdict::right);
  EXPECT_EQ(check.check(picture(0, 2000)), Verdict::right);
}

TEST(TimeCodeCheck, APictureWithoutACodeOrTooSmallForOneIsMissing) {
  BufferPool buffers;
  TimeCodeCheck check;
  for (const int side : {240, 16}) {
    Frame frame = make_frame(buffers, PixelFormat::gray8, side + 80, side);
    std::memset(frame.planes[0].data, 0, packed_size(frame.format, frame.width, frame.height));
    EXPECT_EQ(check.check(frame), Verdict::missing);
  }
  EXPECT_EQ(check.missing(), 2u);
}

TEST(TimeCodeCheck, APictureThatLacksStripsIsNotJudged) {
  TimeCodeCheck check;
  EXPECT_EQ(check.check(picture(7, 1000)), Verdict::right);
  Frame again = picture(7, 1000);
  again.sender_captured_us = 2000;
  again.missing.set(0);
  EXPECT_EQ(check.check(again), Verdict::concealed);
  EXPECT_EQ(check.check(picture(9, 3000)), Verdict::right);
  EXPECT_EQ(check.wrong() + check.missing(), 0u);
}

}  // namespace
}  // namespace glimt::media
